// What rows and options of any kind do to a run: an odd row is its own trouble, an unclear order sends nothing.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { execute, ids, instant, isFailed, key, rowsOf } from './support.mjs';

const credentials = { baseUrl: 'https://pbx.example.com', accessToken: 't' };
const blind = { confirm: false };

async function run(items, options, answer) {
	const { fetch, requests } = instant(answer);
	const out = await execute(items, credentials, { fetch, ...options });
	const changes = requests.filter(({ method }) => method !== 'GET');
	return { out, changes, outcomes: out.map(({ json }) => json.details?.outcome ?? 'done') };
}

const throwing = () => {
	throw new Error('There is no column “Test”');
};
/** Values that are neither true, false nor left out. */
const unclear = ['true', 'false', '', ' ', 0, 1, NaN, {}, [], Symbol('x'), 1n, throwing];
const object = (name, value, others = blind) => (value === throwing ? { ...others, get [name]() { return throwing(); } } : { ...others, [name]: value });

describe('switches that make a run safer', () => {
	for (const name of ['isDryRun', 'dryRun', 'findByName', 'confirm', 'stopIfUnread', 'skipDoneBefore']) {
		test(`${name}: what is unclear sends nothing, and each row says why`, async () => {
			for (const value of unclear) {
				for (const parameters of [
					object(name, value),
					(row) => object(name, row === 0 ? value : undefined),
					(row) => object(name, row === 11 ? value : undefined),
					(row) => (row === 11 && value === throwing ? throwing() : object(name, row === 11 ? value : undefined)),
				]) {
					const { out, changes, outcomes } = await run(rowsOf(12), { parameters });
					assert.equal(changes.length, 0, `${String(value)}`);
					assert.deepEqual(outcomes, new Array(12).fill('notSent'));
					for (const { json } of out) assert.match(json.error, /^Nothing was sent: .* \(row (1|12)\)$/, String(value));
				}
			}
		});
	}

	test('a dry run that one row does not want, or only one wants, sends nothing', async () => {
		for (const at of [0, 5, 11]) {
			for (const [one, other] of [[true, false], [false, true], [undefined, true], [null, true]]) {
				const { out, changes } = await run(rowsOf(12), { parameters: (row) => ({ ...blind, dryRun: row === at ? one : other }) });
				assert.equal(changes.length, 0);
				for (const { json } of out) assert.match(json.error, /^Nothing was sent: Dry Run is not the same in rows 1 and \d+$/);
			}
		}
	});

	test('what is left out, null or false sends', async () => {
		for (const dryRun of [undefined, null, false]) {
			const { changes, outcomes } = await run(rowsOf(12), { parameters: () => ({ ...blind, dryRun }) });
			assert.deepEqual([changes.length, new Set(outcomes).size], [12, 1]);
		}
	});

	test('If-Match that is blank or no text is no reason to send without it', async () => {
		const update = { resource: 'Users', operation: 'Update User' };
		const rows = ['', ' ', 5, true, {}, 'W/"ä"', 'W/"7"\n"8"', throwing, undefined, null, ' W/"7" '];
		const parameters = (row) => object('ifMatch', rows[row], { userId: 5, fields: { FirstName: 'Ann' } });
		const { changes, outcomes } = await run(rows.map(() => ({ json: {} })), { ...update, parameters });
		assert.deepEqual(outcomes, [...new Array(8).fill('notSent'), 'done', 'done', 'done']);
		assert.deepEqual(changes.map(({ headers }) => headers['If-Match']), [undefined, undefined, 'W/"7"']);
		const unguarded = { resource: 'Active Calls', operation: 'Drop Call', parameters: { activeCallId: 1, ifMatch: 'W/"7"' } };
		assert.equal((await run([{ json: {} }], unguarded)).changes.length, 0, 'what cannot be guarded is not sent as if it were');
	});

	test('choices never carry anything out', async () => {
		const { fetch, requests } = instant();
		for (const choices of [true, 'true', 1]) {
			const options = { resource: 'Services', operation: 'Restart Operating System', choices, fetch };
			await assert.rejects(execute(rowsOf(1), credentials, options), /Nothing was sent/, `${choices}`);
		}
		await execute(rowsOf(1), credentials, { choices: true, fetch, parameters: blind });
		assert.deepEqual(requests.map(({ method }) => method), ['GET'], 'groups to choose from');
	});
});

const nested = (depth, inmost = 1) => {
	let value = inmost;
	for (let level = 0; level < depth; level++) value = level % 2 ? { a: value } : [value];
	return value;
};
const locators = (depth) => {
	let value = 28;
	for (let level = 0; level < depth; level++) value = { __rl: true, mode: 'id', value };
	return value;
};
const itself = { __rl: true, mode: 'id' };
itself.value = itself;
itself.a = itself;
const trap = (name, inner = {}) => new Proxy(inner, { [name]: () => throwing() });
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const unreadable = { get a() { return throwing(); } };
const endless = new Proxy([], { get: (_, name) => (name === 'length' ? 4e9 : name === 'toJSON' ? undefined : 'x') });

describe('a poison row is the trouble of that row alone', () => {
	const poison = {
		'nested 1,500 deep': nested(1500),
		'nested 65 deep': nested(65),
		'nested 100,000 deep': nested(100_000),
		'locators in locators': locators(1500),
		'what refers to itself': itself,
		'a getter that throws': unreadable,
		'a proxy that throws': trap('get'),
		'a proxy without keys': trap('ownKeys'),
		'a revoked proxy': revoked.proxy,
		'an endless list': endless,
		'a list of 4,000,000,000': new Array(4_000_000_000),
		'a big integer': 1n,
		'a symbol': Symbol('x'),
		'a function': () => 28,
		'a text of 5 MB': 'x'.repeat(5_000_000),
		'a text that holds nested JSON': '[{"a":'.repeat(5000),
	};
	for (const [what, value] of Object.entries(poison)) {
		test(`${what}: as a cell, as an item, as a field`, async () => {
			const cells = [{ groupId: value, licenseKey: key(0) }, { groupId: ids[0], licenseKey: value }];
			const items = [...cells, value].map((json) => ({ json }));
			const { changes, outcomes } = await run([...rowsOf(2), ...items, value, ...rowsOf(4).slice(2)], { parameters: blind });
			assert.deepEqual(outcomes, ['done', 'done', 'notSent', 'notSent', 'notSent', 'notSent', 'done', 'done']);
			assert.equal(changes.length, 4);
			const create = { resource: 'Users', operation: 'Update User' };
			const forms = [{}, { fields: value }, { bodyFrom: 'json', body: value }, { fields: { Groups: value } }, { userId: value }, {}];
			const rows = forms.map((form) => ({ userId: 5, fields: { FirstName: 'Ann' }, ...form }));
			const updated = await run(rows.map(() => ({ json: {} })), { ...create, parameters: (row) => rows[row] });
			assert.deepEqual([updated.outcomes[0], updated.outcomes.at(-1), updated.outcomes.length], ['done', 'done', 6]);
			for (const { url, body } of updated.changes) {
				assert.ok(url.length < 2000 && body.length < 1000, `${url} ${body}`);
			}
			const columns = [{ FirstName: 'Ann' }, { FirstName: 'Ann', Groups: value }, value, { FirstName: 'Ann' }];
			const mapped = { userId: 5, fields: { mappingMode: 'autoMapInputData', value: null } };
			const from = await run(columns.map((json) => ({ json })), { ...create, parameters: () => mapped });
			assert.deepEqual([from.outcomes[0], from.outcomes.at(-1)], ['done', 'done']);
			for (const { body } of from.changes) assert.ok(body.length < 1000, body);
		});
	}

	test('what is nested 64 deep is sent as it is', async () => {
		const body = { Groups: nested(62) };
		const update = { resource: 'Users', operation: 'Update User', parameters: { userId: 5, bodyFrom: 'json', body } };
		const { changes } = await run([{ json: {} }], update);
		assert.deepEqual(JSON.parse(changes[0].body), body);
	});

	test('an answer that is nested deep is the trouble of its row', async () => {
		for (const depth of [60, 120, 1500, 100_000]) {
			const body = `{"value":[{"Id":1,"Props":${'['.repeat(depth)}${']'.repeat(depth)}}]}`;
			for (const [operation, whose] of [['List Group', {}], ['Get Group', { groupId: 28 }]]) {
				const { out } = await run([{ json: {} }], { resource: 'Groups', operation, parameters: { ...whose, simplify: false } }, () => ({ status: 200, body }));
				assert.equal(out.length, 1, `${operation} ${depth}`);
				assert.ok(!isFailed(out[0]) || out[0].json.details.code !== 'BROKEN_DOWN', `${operation} ${depth}: ${out[0].json.error}`);
			}
		}
	});

	test('a row of 20,000 columns does not keep others from being found', async () => {
		const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, column) => [`c${column}`, 1]));
		const { outcomes } = await run([{ json: wide }, ...rowsOf(2)], { parameters: blind });
		assert.deepEqual(outcomes, ['notSent', 'done', 'done']);
	});
});

describe('settings and listeners', () => {
	test('numbers may be texts, texts may be numbers', async () => {
		let most = 0;
		let now = 0;
		const slow = async () => {
			most = Math.max(most, ++now);
			await new Promise(setImmediate);
			now--;
			return {};
		};
		const texts = { concurrency: '2', requestsPerSecond: '', timeout: ' 60000 ', deadline: null, progressInterval: '0' };
		assert.deepEqual(new Set((await run(rowsOf(12), { parameters: blind, ...texts }, slow)).outcomes), new Set(['done']));
		assert.ok(most <= 2, `${most}`);
		const { fetch, requests } = instant((url) => (url.endsWith('token') ? { status: 200, body: '{"access_token":"t2","expires_in":3600}' } : {}));
		const client = { baseUrl: credentials.baseUrl, clientId: 100, clientSecret: 200 };
		assert.ok((await execute(rowsOf(1), client, { fetch, parameters: blind }))[0].json.success);
		assert.match(requests[0].body, /client_id=100&client_secret=200/);
	});

	test('others are refused in plain words, before anything is sent', async () => {
		const { fetch, requests } = instant();
		for (const [name, value] of [
			['concurrency', 'many'],
			['concurrency', -1],
			['concurrency', {}],
			['requestsPerSecond', Infinity],
			['timeout', NaN],
			['deadline', [5]],
			['progressInterval', true],
			['stopOnError', 'false'],
			['stopOnError', 1],
			['choices', 'no'],
			['resource', {}],
			['operation', ['Get User']],
		]) {
			const options = { fetch, parameters: blind, [name]: value };
			await assert.rejects(execute(rowsOf(2), credentials, options), new RegExp(`^Error: ${name}( \\([A-Z].*\\))? must be .*Nothing was sent`), name);
		}
		for (const [name, value] of [['clientId', {}], ['clientSecret', ['CANARY']], ['accessToken', true], ['baseUrl', {}]]) {
			const refused = execute(rowsOf(2), { ...credentials, [name]: value }, { fetch, parameters: blind });
			await assert.rejects(refused, (error) => error.message.startsWith(`${name} must be a text`) && !error.message.includes('CANARY'));
		}
		assert.equal(requests.length, 0);
	});

	test('limits beyond all measure are limits all the same, and less than 1 is not nothing', async () => {
		for (const value of [1e12, 1e300, Number.MAX_VALUE, '1e9']) {
			const { outcomes } = await run(rowsOf(3), { parameters: blind, concurrency: value, timeout: value, deadline: value });
			assert.deepEqual(outcomes, ['done', 'done', 'done'], `${value}`);
		}
		const { outcomes, changes } = await run(rowsOf(12), { parameters: blind, deadline: 0.5 }, () => new Promise((resolve) => setTimeout(() => resolve({}), 50)));
		assert.ok(outcomes.includes('skipped') && changes.length < 12, `${outcomes}`);
	});

	test('listeners that throw, or whose promises are rejected, harm nothing', async () => {
		const uncaught = [];
		const note = (error) => uncaught.push(error);
		process.on('unhandledRejection', note);
		process.on('uncaughtException', note);
		try {
			let told = 0;
			for (const listener of [
				() => throwing(),
				async () => throwing(),
				() => ({ get then() { return throwing(); } }),
				() => ({ then: (_, reject) => reject(new Error('no')) }),
			]) {
				const count = (...args) => { told++; return listener(...args); };
				const { outcomes } = await run(rowsOf(12), { parameters: blind, onProgress: count, onHint: count, progressInterval: 0 });
				assert.deepEqual(new Set(outcomes), new Set(['done']));
			}
			await new Promise(setImmediate);
			assert.ok(told >= 8);
		} finally {
			process.off('unhandledRejection', note);
			process.off('uncaughtException', note);
		}
		assert.deepEqual(uncaught, []);
	});

	test('rows are those that were given, whatever becomes of the list', async () => {
		const items = rowsOf(12);
		const clearing = () => void items.splice(0) ?? {};
		const { changes, outcomes } = await run(items, { parameters: blind, concurrency: 1 }, clearing);
		assert.deepEqual([changes.length, outcomes.length], [12, 12]);
	});

	test('a record is a record, whatever its fields are', async () => {
		const records = [{ error: 'x' }, { error: 'x', message: 'y', details: 'z' }, { error: 'x', details: { outcome: 'refused' } }, { error: 1, details: null }];
		for (const record of records) {
			const { out } = await run([{ json: {} }], { resource: 'Users', operation: 'Get User', parameters: { userId: 5, simplify: false } }, () => ({ status: 200, body: JSON.stringify({ Id: 5, ...record }) }));
			assert.equal(isFailed(out[0]), false, JSON.stringify(record));
		}
		const { out } = await run([{ json: {} }], { parameters: blind });
		assert.equal(isFailed(out[0]), true);
	});
});

test('a key that is none is not sent in place of a good one', async () => {
	const [group, other] = ids;
	const { out: [{ json: shown }] } = await run([{ json: { groupId: group, licenseKey: key(0) } }], { parameters: blind });
	const blanks = [shown.licenseKey, '****', 'null', 'undefined', 'N/A', '#REF!', '-', '\u00a0', '\u200b', 0, NaN, [], {}, null, undefined];
	const items = blanks.map((licenseKey) => ({ json: { groupId: other, licenseKey } }));
	const { changes, outcomes } = await run(items, { parameters: blind });
	assert.deepEqual([changes.length, new Set(outcomes)], [0, new Set(['notSent'])]);
});

test('a setting of the run that is not the same in all rows sends nothing', async () => {
	const run = async (uniform, deadline) => {
		const { fetch, requests } = instant();
		const parameters = (row) => ({ confirm: false, get deadline() { return deadline(row); }, timeout: row });
		return { out: await execute(rowsOf(5), { baseUrl: 'https://pbx', accessToken: 't' }, { fetch, uniform, parameters }), requests };
	};
	const { out, requests } = await run(['deadline'], (row) => (row === 3 ? 60_000 : 90_000));
	assert.deepEqual(requests, []);
	for (const { json } of out) {
		assert.match(json.error, /Time Limit is not the same in rows 1 and 4/);
		assert.equal(json.details.outcome, 'notSent');
	}
	const failing = (row) => {
		if (row === 3) throw new Error('no such column');
		return 90_000;
	};
	for (const same of [() => 90_000, failing]) {
		assert.ok((await run(['deadline'], same)).out.every(({ json }) => json.success), 'only what can be read is compared');
	}
	assert.ok((await run([], (row) => row)).out.every(({ json }) => json.success));
});

test('no text shows a key: neither that of another row, nor what an expression throws', async () => {
	const other = { status: 400, body: JSON.stringify({ error: { code: '', message: `Taken by ${key(0).toLowerCase()}` } }) };
	const answer = (url, { method }) => (method === 'POST' ? other : { status: 200, body: '{"value":[]}' });
	const thrower = (text) => ({ get json() { throw new Error(text); } });
	const items = [...rowsOf(3), thrower(`no row for ${key(7)}`), { json: { get groupId() { throw new Error(`not ${key(8)}`); }, licenseKey: key(8) } }];
	const { out } = await run(items, { parameters: blind }, answer);
	assert.match(out[2].json.error, /Taken by \*\*\*\*/);
	assert.match(out[3].json.error, /no row for \*\*\*\*/);
	assert.match(out[4].json.error, /not \*\*\*\*/);
	const getter = { get dryRun() { throw new Error(`odd-key-7 is not ${key(9)}`); } };
	const refused = await run([{ json: { groupId: 28, licenseKey: 'odd-key-7' } }], { parameters: getter });
	assert.match(refused.out[0].json.error, /\*\*\*\* is not \*\*\*\*/);
	for (const { json } of [...out, ...refused.out]) assert.ok(!/cnry|odd-key/i.test(JSON.stringify(json)), JSON.stringify(json));
});
