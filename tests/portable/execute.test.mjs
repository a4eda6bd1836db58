// `execute` over real HTTP against the simulator.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from '../../scripts/lib/run.mjs';
import { client, Simulator } from '../../scripts/lib/simulator.mjs';
import { execute, ids, instant, key, rowsOf } from './support.mjs';

const replace = { path_contains: 'ReplaceGroup' };
/** Done, but not answered as long as a test takes. */
const never = { kind: 'slow', ms: 3_600_000, acted_first: true };
let simulator;
let credentials;

before(async () => {
	simulator = await Simulator.start('--static-token', 'CANARY-STATIC-TOKEN');
});
after(() => simulator?.stop());
beforeEach(async () => {
	await simulator.reset();
	// A secret of its own for each test, so that no token is left from the one before.
	credentials = { baseUrl: simulator.address, clientId: `client-${Math.random()}`, clientSecret: 'CANARY-SECRET' };
	await simulator.switches({ client_id: credentials.clientId, client_secret: credentials.clientSecret });
});

const tokenRequests = async () => (await simulator.log()).requests.filter(({ path }) => path === '/connect/token');
const applied = async () => (await simulator.ledger()).map(({ licenseKey }) => licenseKey);

describe('two arguments', () => {
	test('client credentials', async () => {
		const out = await execute(rowsOf(3), credentials);
		assert.deepEqual(out.map(({ json, pairedItem }) => [json.success, json.groupId, json.changed, pairedItem.item]), [
			[true, 28, true, 0],
			[true, 29, true, 1],
			[true, 31, true, 2],
		]);
		assert.deepEqual((await applied()).toSorted(), [key(0), key(1), key(2)]);
	});

	test('a ready token', async () => {
		const out = await execute(rowsOf(2), { baseUrl: simulator.address, accessToken: ' Bearer CANARY-STATIC-TOKEN\n' });
		assert.ok(out.every(({ json }) => json.success));
		assert.equal((await tokenRequests()).length, 0);
	});

	test('columns are found however they are spelt, and a gap is not filled from another column', async () => {
		const rows = [
			{ 'Group ID': '28', 'License Key': key(0), Department: 'Sales' },
			{ group_id: 29, license_key: key(1) },
			{ Department: '31', 'License Key': key(2) },
		];
		const out = await execute(rows.map((json) => ({ json })), credentials);
		assert.equal(out[0].json.groupId, 28);
		assert.equal(out[1].json.groupId, 29);
		assert.match(out[2].json.error, /Group ID is empty/, 'although there is a Department');
		assert.deepEqual((await applied()).toSorted(), [key(0), key(1)]);
		const british = await execute([{ json: { GROUPNUMBER: 'GRP0003', 'license-key': key(3) } }], credentials);
		assert.equal(british[0].json.groupId, 34);
		const named = { parameters: { groupColumn: 'Department', licenseKeyColumn: 'license key' } };
		const [, , third] = await execute(rows.map((json) => ({ json })), credentials, named);
		assert.equal(third.json.groupId, 31);
	});
});

describe('addresses', () => {
	for (const [given, expected] of [
		['https://pbx.example.com/', 'https://pbx.example.com/xapi/v1/'],
		['https://pbx.example.com:5001/xapi/v1', 'https://pbx.example.com:5001/xapi/v1/'],
		['pbx.example.com', 'https://pbx.example.com/xapi/v1/'],
		['http://[::1]:5000', 'http://[::1]:5000/xapi/v1/'],
	]) {
		test(given, async () => {
			const { fetch, requests } = instant();
			await execute(rowsOf(1), { baseUrl: given, accessToken: 't' }, { fetch, parameters: { confirm: false } });
			assert.equal(requests[0].url, `${expected}Groups/Pbx.ReplaceGroupLicenseKey`);
			assert.equal(requests[0].headers.Authorization, 'Bearer t');
			assert.equal(requests[0].redirect, 'manual');
		});
	}

	test('others are refused, row by row, before anything is sent', async () => {
		for (const baseUrl of ['', 'ftp://pbx.example.com', 'https://pbx.example.com/pbx1', 'https://a:b@pbx.example.com']) {
			const { fetch, requests } = instant();
			const out = await execute(rowsOf(2), { baseUrl, accessToken: 't' }, { fetch });
			assert.ok(out.every(({ json }) => json.error.includes("The PBX's address cannot be used")), baseUrl);
			assert.equal(requests.length, 0);
		}
	});
});

describe('tokens', () => {
	test('five runs at once log in once, and later runs use the same token', async () => {
		await Promise.all(ids.slice(0, 5).map((groupId, row) => execute([{ json: { groupId, licenseKey: key(row) } }], credentials)));
		await execute(rowsOf(1), credentials);
		assert.equal((await tokenRequests()).length, 1);
	});

	for (const switches of [{ expires_in: 60 }, { expires_in: 3600 }, { token_form: 'opaque', expires_in: 60 }, { token_form: 'jwt_without_exp' }]) {
		test(`an hour is an hour: ${JSON.stringify(switches)}`, async () => {
			await simulator.switches(switches);
			for (let run = 0; run < 3; run++) await execute(rowsOf(1), credentials);
			assert.equal((await tokenRequests()).length, 1);
		});
	}

	test('a token that dies half-way is renewed once; nothing is applied twice', async () => {
		await simulator.faults({ match: replace, skip: 5, fault: { kind: 'expire_token' } });
		const out = await execute(rowsOf(12), credentials, { concurrency: 6 });
		assert.ok(out.every(({ json }) => json.success));
		assert.equal((await tokenRequests()).length, 2);
		assert.equal((await applied()).length, 12);
	});

	test('a token that died between two runs is renewed', async () => {
		await execute(rowsOf(1), credentials);
		await simulator.faults({ fault: { kind: 'expire_token' } });
		const out = await execute(rowsOf(12), credentials);
		assert.ok(out.every(({ json }) => json.success));
		assert.equal((await tokenRequests()).length, 2);
	});

	test('a wrong secret is tried once for all rows', async () => {
		const out = await execute(rowsOf(12), { ...credentials, clientSecret: 'CANARY-WRONG' });
		assert.equal((await simulator.log()).log_ins.failed, 1);
		assert.ok(out.every(({ json }) => json.error.includes('3CX refused the log-in (401)') && json.details.outcome === 'notSent'));
	});

	test('a dead ready token ends the run', async () => {
		const out = await execute(rowsOf(12), { baseUrl: simulator.address, accessToken: 'CANARY-DEAD' });
		assert.equal(out.length, 12);
		assert.ok(out.every(({ json }) => json.details.code === 'UNAUTHORIZED'));
		assert.equal((await simulator.log()).requests.length, 1);
	});
});

describe('tokens that others renew too', () => {
	const renewing = (stored, refresh) => {
		const calls = [];
		const tell = (name, value) => async () => (calls.push(name), value());
		return { calls, credentials: { baseUrl: simulator.address, accessToken: 'CANARY-OLD', reread: tell('reread', stored), refresh: tell('refresh', refresh) } };
	};

	test('what is stored is taken in place of a log-in', async () => {
		const own = renewing(() => 'CANARY-STATIC-TOKEN', () => assert.fail());
		const out = await execute(rowsOf(12), own.credentials);
		assert.ok(out.every(({ json }) => json.success));
		assert.deepEqual(own.calls, ['reread']);
	});

	test('others get some time to store a token; then comes a log-in', async () => {
		const own = renewing(() => 'CANARY-OLD', () => 'CANARY-STATIC-TOKEN');
		const out = await execute(rowsOf(12), own.credentials);
		assert.ok(out.every(({ json }) => json.success));
		assert.deepEqual(own.calls, ['reread', 'reread', 'reread', 'refresh']);
	});

	test('what cannot be read again is renewed', async () => {
		const own = renewing(() => { throw new Error('CANARY'); }, () => 'CANARY-STATIC-TOKEN');
		assert.ok((await execute(rowsOf(2), own.credentials)).every(({ json }) => json.success));
	});

	test('a host that gives one dead token again and again ends the run', async () => {
		const own = renewing(() => 'CANARY-DEAD', () => 'CANARY-DEAD');
		const out = await execute(rowsOf(12), own.credentials);
		assert.ok(out.every(({ json }) => json.details.code === 'UNAUTHORIZED'));
		assert.ok(own.calls.filter((name) => name === 'refresh').length <= 3, own.calls.join());
	});
});

describe('answers of the token end-point', () => {
	for (const [name, body] of [['a web page with 200', '<html>'], ['no token in it', '{}'], ['an empty token', '{"access_token":""}']]) {
		test(`${name} is not kept`, async () => {
			const bodies = [body];
			const { fetch } = instant((url) => url.endsWith('/connect/token') ? { status: 200, body: bodies.pop() ?? '{"access_token":"good"}' } : {});
			const options = { fetch, parameters: { confirm: false } };
			const first = await execute(rowsOf(1), credentials, options);
			assert.ok(first[0].json.error);
			const second = await execute(rowsOf(1), credentials, options);
			assert.equal(second[0].json.error, undefined);
		});
	}

	test('expires_in as text is understood, and what has expired is not used', async (context) => {
		let logIns = 0;
		const { fetch } = instant((url) => url.endsWith('/connect/token') ? { status: 200, body: `{"access_token":"t${++logIns}","expires_in":"3600"}` } : {});
		const options = { fetch, parameters: { confirm: false } };
		const once = async () => assert.ok((await execute(rowsOf(1), credentials, options))[0].json.success);
		await once();
		await once();
		assert.equal(logIns, 1);
		const { now } = Date;
		context.after(() => (Date.now = now));
		Date.now = () => now() + 3_600_000;
		await once();
		assert.equal(logIns, 2);
	});
});

describe('refused before anything is sent', () => {
	const sent = async () => (await simulator.log()).requests.length;

	test('Retry On Fail, for what changes something', async () => {
		const retryOnFail = true;
		const changing = [
			{},
			{ resource: 'Groups', operation: 'Delete Group', parameters: { groupId: 28 } },
			{ resource: 'Custom Request', operation: 'Send Request', parameters: { method: 'POST', path: '/Users' } },
		];
		for (const options of changing) {
			const out = await execute(rowsOf(3), credentials, { ...options, retryOnFail });
			assert.deepEqual(out.map(({ json }) => [json.details.outcome, json.details.code]), Array(3).fill(['notSent', 'RETRY_ON_FAIL']));
			assert.match(out[0].json.message, /Switch Retry On Fail off/);
		}
		assert.equal(await sent(), 0);
		const reading = [
			{ parameters: { dryRun: true } },
			{ resource: 'Groups', operation: 'List Group' },
			{ resource: 'Custom Request', operation: 'Send Request', parameters: { method: 'GET', path: '/Groups' } },
		];
		for (const options of reading) {
			const [{ json }] = await execute(rowsOf(1), credentials, { ...options, retryOnFail });
			assert.equal(json.error, undefined);
		}
	});

	test('a fixed group for rows with different keys', async () => {
		const parameters = (row) => ({ rowsFrom: 'fields', groupId: 28, licenseKey: key(row) });
		const options = { parameters, fixed: ['groupId'] };
		const out = await execute(rowsOf(4), credentials, options);
		assert.deepEqual(out.map(({ json }) => [json.details.outcome, json.details.code]), Array(4).fill(['notSent', 'FIXED_GROUP']));
		assert.match(out[0].json.error, /same group is in half of the rows or more, but their license keys differ/);
		assert.equal(await sent(), 0);
		assert.ok((await execute(rowsOf(1), credentials, options))[0].json.success, 'one row for one group');
	});

	test('a fixed key for rows with different groups', async () => {
		const rows = rowsOf(4);
		const parameters = (row) => ({ rowsFrom: 'fields', groupId: rows[row].json.groupId, licenseKey: key(0) });
		const out = await execute(rows, credentials, { parameters, fixed: ['rowsFrom', 'licenseKey'] });
		assert.deepEqual(out.map(({ json }) => [json.details.outcome, json.details.code]), Array(4).fill(['notSent', 'FIXED_KEY']));
		assert.equal(await sent(), 0);
	});
});

test('no fault loses a row or applies a key twice', async (context) => {
	const kinds = ['too_many_requests', 'unavailable', 'gateway_timeout', 'bad_gateway', 'server_error', 'unauthorized', 'forbidden', 'html_ok', 'empty_ok', 'bad_json', 'reset', 'cut_body'];
	for (const kind of kinds) {
		for (const acted of ['reset', 'cut_body', 'gateway_timeout', 'server_error', 'empty_ok'].includes(kind) ? [false, true] : [undefined]) {
			for (const path_contains of ['ReplaceGroup', '/Groups']) {
				await context.test(`${kind} ${acted ?? ''} on ${path_contains}`, async () => {
					await simulator.faults({ match: { path_contains }, skip: 1, times: 2, fault: { kind, acted } });
					const rows = rowsOf(8);
					const out = await execute(rows, credentials);
					assert.deepEqual(out.map(({ pairedItem }) => pairedItem.item), rows.map((_, row) => row));
					const keys = await applied();
					assert.equal(new Set(keys).size, keys.length);
					out.forEach(({ json }, row) => {
						const isApplied = keys.includes(key(row));
						if (json.success) assert.ok(isApplied, `row ${row + 1} is reported as done`);
						else if (json.details.outcome !== 'unknown') assert.ok(!isApplied, `row ${row + 1} is reported as not done`);
					});
				});
			}
		}
	}
});

test('each refusal of 3CX has its own message', async () => {
	const keys = { '0000-AAAA-AAAA-AAAA': 'LICENSE_NOT_FOUND', 'EDIT-AAAA-AAAA-AAAA': 'INVALID_LICENSE_TYPE', 'ERPX-AAAA-AAAA-AAAA': 'ERP_SERVER_ERROR', 'LIMT-AAAA-AAAA-AAAA': 'LIMIT_REACHED' };
	const rows = Object.keys(keys).map((licenseKey, row) => ({ json: { groupId: ids[row], licenseKey } }));
	const out = await execute(rows, credentials);
	Object.values(keys).forEach((code, row) => assert.ok(out[row].json.details.code.endsWith(code)));
	const single = async (switches) => {
		await simulator.switches(switches);
		const [{ json }] = await execute(rowsOf(1), credentials, { parameters: { confirm: false } });
		await simulator.switches({ role: 'owner', multi_company: true, unknown_group: '400', group_id_kind: 'either' });
		return json;
	};
	const others = [
		await single({ role: 'user' }),
		await single({ multi_company: false }),
		await single({ group_id_kind: 'number', unknown_group: '404' }),
		await single({ group_id_kind: 'number', unknown_group: '400' }),
	];
	assert.deepEqual(others.map(({ details }) => details.httpStatus), [403, 400, 404, 400]);
	const texts = [...out.map(({ json }) => json), ...others].flatMap(({ error, message }) => [error, message]);
	assert.equal(new Set(texts.filter((text) => text.includes('3CX'))).size >= 12, true);
});

test('nothing that leaves the core shows a key, a token or a secret', async () => {
	const texts = [];
	const note = (value) => texts.push(typeof value === 'string' ? value : JSON.stringify(value));
	const echo = (text) => ({ kind: 'status', status: 400, content_type: 'application/json', body: JSON.stringify({ error: { code: '', message: text, details: [{ code: '', message: text, target: text }] } }) });
	const options = { onHint: note, onProgress: note };
	await simulator.faults({ match: { body_contains: key(1) }, fault: echo(`Bad key ${key(1)} / ${key(1).toLowerCase()}`) });
	note(await execute([...rowsOf(6), ...rowsOf(6)], credentials, options));
	await simulator.faults({ match: replace, times: null, fault: echo('token CANARY-STATIC-TOKEN') });
	note(await execute(rowsOf(2), { baseUrl: simulator.address, accessToken: 'CANARY-STATIC-TOKEN' }, options));
	note(await execute(rowsOf(2), { baseUrl: simulator.address, accessToken: 'CANARY\nTOKEN' }, options));
	// Escaped, so that it is found only once it is read; in other shapes; with the client secret.
	for (const told of ['\\u0043ANARY-STATIC-TOKEN', 'canary%2Dstatic%2Dtoken', 'CANARY STATIC TOKEN', 'canarystatictoken']) {
		const body = `{"error":{"code":"","message":"${told}","details":[{"message":"${told}","target":"${told}"}]}}`;
		const { fetch } = instant(() => ({ status: 400, body }));
		note(await execute(rowsOf(2), { baseUrl: simulator.address, accessToken: 'CANARY-STATIC-TOKEN' }, { ...options, fetch }));
	}
	const refresh = async () => { throw new Error('no token for canary%2dsecret in place of CANARY-STATIC-TOKEN'); };
	const { fetch: unauthorized } = instant(() => ({ status: 401 }));
	note(await execute(rowsOf(2), { ...credentials, accessToken: 'CANARY-STATIC-TOKEN', refresh }, { ...options, fetch: unauthorized }));
	const { fetch: refusing, requests } = instant(() => ({ status: 200, body: '{"value":[]}' }));
	const swapped = [key(7), key(7).toLowerCase().replaceAll('-', ''), 'CANARY 77'];
	note(await execute(swapped.map((groupId) => ({ json: { groupId, licenseKey: 'CANARY-77' } })), credentials, { ...options, fetch: refusing }));
	assert.ok(!requests.some(({ url }) => /Groups/.test(url)), 'a key in the column of the group goes nowhere');
	note(await execute(rowsOf(2), { ...credentials, clientSecret: 'CANARY-WRONG' }, options));
	note(await execute([{ json: {} }], credentials, { ...options, resource: 'License Status', operation: 'Get License Status' }));
	const thrower = () => { throw Object.assign(new Error('CANARY'), { code: 'EWEIRD', config: credentials }); };
	note(await execute(rowsOf(2), credentials, { ...options, fetch: thrower }));
	await assert.rejects(execute(rowsOf(1), credentials, { operation: 'Explode' }), (error) => !note(`${error.stack}`) || true);
	for (const text of texts) assert.ok(!/CANARY|CNRY|cnry|eyJ/.test(text), text);
	assert.ok(texts.some((text) => text.includes('****-****-****-0001')), 'the masked tail is shown');
});

describe('the run', () => {
	test('stop on error', async () => {
		const rows = rowsOf(6);
		rows[2].json.licenseKey = '0000-AAAA-AAAA-AAAA';
		const hints = [];
		const out = await execute(rows, credentials, { stopOnError: true, concurrency: 1, onHint: (hint) => hints.push(hint) });
		assert.deepEqual(out.map(({ json }) => json.details?.outcome ?? 'done'), ['done', 'done', 'refused', 'skipped', 'skipped', 'skipped']);
		assert.ok(hints.includes('Done before the stop: rows 1-2.'));
		assert.equal((await applied()).length, 2);
	});

	test('cancelling: what is under way is unknown, the rest is skipped', async () => {
		await simulator.faults({ match: replace, skip: 2, times: null, fault: never });
		const controller = new AbortController();
		const { signal } = controller;
		const running = execute(rowsOf(10), credentials, { signal, concurrency: 2 });
		await until(async () => (await simulator.replacements()).length === 4);
		controller.abort();
		const out = await running;
		const outcomes = out.map(({ json }) => json.details?.outcome ?? 'done');
		assert.equal(out.length, 10);
		// Two rows under way at the same moment may arrive in either order.
		assert.deepEqual(outcomes.slice(0, 4).toSorted(), ['done', 'done', 'unknown', 'unknown']);
		assert.deepEqual(outcomes.slice(4), Array(6).fill('skipped'));
		assert.equal((await simulator.replacements()).length, 4);
		assert.ok((await execute(rowsOf(3), credentials, { signal })).every(({ json }) => json.details.outcome === 'skipped'));
	});

	test('a timeout tells that the outcome is unknown, with what was read, and is not sent again', async () => {
		await simulator.faults({ match: replace, fault: never });
		const [{ json }] = await execute(rowsOf(1), credentials, { timeout: 3000 });
		assert.match(json.error, /did not answer in time; whether the key was replaced is not known/);
		assert.equal(json.details.changed, true);
		assert.equal((await simulator.replacements()).length, 1);
	});

	test('Retry-After is waited for', async () => {
		await simulator.faults({ match: replace, fault: { kind: 'too_many_requests', retry_after: 1 } });
		const [{ json }] = await execute(rowsOf(1), credentials);
		assert.ok(json.success);
		const [first, second] = await simulator.replacements();
		assert.ok(second.at_ms - first.at_ms >= 1000);
	});

	test('never more at once, nor more per second, than allowed', async () => {
		let [now, most] = [0, 0];
		const { fetch } = instant(async () => {
			most = Math.max(most, ++now);
			await new Promise((resolve) => setTimeout(resolve, 5));
			now--;
			return {};
		});
		await execute(rowsOf(12), { baseUrl: 'pbx', accessToken: 't' }, { fetch, concurrency: 3 });
		assert.equal(most, 3);
		const sent = [];
		const timed = instant(() => void sent.push(performance.now()) ?? {});
		await execute(rowsOf(12), { baseUrl: 'pbx', accessToken: 't' }, { fetch: timed.fetch, requestsPerSecond: 20, parameters: { confirm: false } });
		assert.equal(sent.length, 12);
		// A slow machine only makes it longer; the rest is for the clock's steps.
		assert.ok(sent.at(-1) - sent[0] >= 11 * 50 - 40, `${sent}`);
	});

	test('progress only grows and ends at the end; listeners that throw do no harm', async () => {
		const seen = [];
		const onProgress = (progress) => { seen.push(progress); throw new Error('listener'); };
		const out = await execute(rowsOf(12), credentials, { onProgress, onHint: onProgress, progressInterval: 0 });
		assert.equal(out.length, 12);
		const progress = seen.filter(({ total }) => total);
		assert.deepEqual(progress.at(-1), { done: 12, total: 12, failed: 0, sent: 13, retried: 0, throttled: 0 }, 'before the second reading');
		const done = progress.map((each) => each.done);
		assert.deepEqual(done, done.toSorted((a, b) => a - b));
	});

	test('the end tells what was done, failed, sent again and asked to wait, in numbers', async () => {
		const rows = rowsOf(4);
		rows[3].json.groupId = 9999;
		await simulator.faults({ match: replace, fault: { kind: 'too_many_requests', retry_after: 1 } });
		const told = [];
		await execute(rows, credentials, { onHint: (hint, type) => told.push([type, hint]) });
		const [summary] = told.filter(([type]) => type === 'info').map(([, hint]) => hint);
		assert.match(summary, /^3 of 4 rows succeeded, 1 failed: \d+ requests in \d+\.\d s, 1 of them sent again; 3CX asked 1 times to slow down\.$/);
		const alone = [];
		await execute(rowsOf(1), credentials, { onHint: (hint) => alone.push(hint) });
		assert.deepEqual(alone, [], 'one row tells everything by itself');
	});

	test('a time limit ends the run, and what was not sent says so', async () => {
		await simulator.faults({ match: replace, skip: 2, times: null, fault: never });
		const out = await execute(rowsOf(12), credentials, { parameters: { confirm: false }, concurrency: 2, deadline: 5000 });
		const outcomes = out.map(({ json }) => json.details?.outcome ?? 'done');
		// What is under way when the time is over is not waited for.
		// Two rows under way at the same moment may arrive in either order.
		assert.deepEqual(outcomes.slice(0, 4).toSorted(), ['done', 'done', 'unknown', 'unknown']);
		assert.deepEqual(outcomes.slice(4), Array(8).fill('skipped'));
		for (const { json } of out.slice(4)) assert.equal(json.error, 'Not sent: the time for the run was over');
		assert.equal((await simulator.replacements()).length, 4, 'no row is skipped that was sent');
	});

	test('odd items are told row by row', async () => {
		const throwing = new Proxy({}, { get() { throw new Error('no'); } });
		const items = [{ json: null }, {}, null, throwing, { json: throwing }, { json: { groupId: {}, licenseKey: [] } }, ...rowsOf(1)];
		const out = await execute(items, credentials);
		assert.equal(out.length, items.length);
		assert.deepEqual(out.map(({ json }) => Boolean(json.error)), [true, true, true, true, true, true, false]);
		assert.deepEqual(await execute([], credentials), []);
	});

	test('a row whose expression does not work is told, and the others go on', async () => {
		const parameters = (row) => {
			const licenseKey = () => {
				if (row === 1) throw new Error('There is no column “Kez”');
				return key(row);
			};
			return { rowsFrom: 'fields', groupId: ids[row], get licenseKey() { return licenseKey(); } };
		};
		const out = await execute([{ json: {} }, { json: {} }, { json: {} }], credentials, { parameters });
		assert.match(out[1].json.error, /could not be evaluated: There is no column “Kez”/);
		assert.ok(out[0].json.success && out[2].json.success);
	});

	test('hostile IDs never change a path', async () => {
		const hostile = ['1)/../Users(2', "1' or '1'='1", '%2e%2e/Users', '../../connect/token', '💥', 'x'.repeat(100_000), '28)?$expand=Members'];
		const rows = hostile.map((groupId, row) => ({ json: { groupId, licenseKey: key(row) } }));
		for (const options of [{}, { parameters: { confirm: false, sendGroupAs: 'number' } }]) {
			const out = await execute(rows.slice(0, 4), credentials, options);
			assert.ok(out.every(({ json }) => json.error));
			await execute(rows.slice(4), credentials, options);
			for (const { json } of rows) {
				await execute([{ json: {} }], credentials, { resource: 'Groups', operation: 'Get Group', parameters: { groupId: json.groupId } });
			}
		}
		const paths = new Set((await simulator.log()).requests.map(({ path }) => path));
		assert.deepEqual([...paths].toSorted(), ['/connect/token', '/xapi/v1/Groups'], 'none of them is a group');
	});

	test('dry run sends nothing', async () => {
		const out = await execute(rowsOf(8), credentials, { parameters: { dryRun: true } });
		assert.ok(out.every(({ json }) => json.dryRun && json.wouldSendGroupAs));
		assert.deepEqual(await simulator.replacements(), []);
	});

	test('accepted, but nothing to be seen yet: said so', async () => {
		await simulator.switches({ props_delay_ms: 60_000 });
		const [{ json }] = await execute(rowsOf(1), credentials);
		assert.equal(json.changed, false);
		assert.match(json.warnings.join(), /as before/);
	});

	test('a reading between two rows of one group that fails is told by both, with its cause', async () => {
		await simulator.faults({ match: { method: 'GET', path_contains: '/Groups' }, skip: 1, fault: { kind: 'html_ok' } });
		const rows = [0, 0, 1].map((group, row) => ({ json: { groupId: ids[group], licenseKey: key(row) } }));
		const [first, second] = (await execute(rows, credentials)).map(({ json }) => json);
		assert.match(first.confirmation, /^Not confirmed: the group could not be read afterwards \(.*web page/);
		assert.match(second.confirmation, /^Not confirmed: the group could not be read before \(.*web page/);
	});

	test('many groups are read in pages, before and after', async () => {
		await simulator.switches({ groups: 230 });
		const all = await execute([{ json: {} }], credentials, { resource: 'Groups', operation: 'List Group', parameters: { returnAll: true, select: 'Id' } });
		await simulator.reset();
		await simulator.switches({ groups: 230, client_id: credentials.clientId, client_secret: credentials.clientSecret });
		const rows = all.slice(0, 200).map(({ json }, row) => ({ json: { groupId: json.Id, licenseKey: key(row) } }));
		const out = await execute(rows, credentials);
		assert.ok(out.every(({ json }) => json.changed));
		const reads = (await simulator.log()).requests.filter(({ method, status }) => method === 'GET' && status === 200);
		assert.equal(reads.length, 6, 'three pages, twice');
	});
});

test('a process stays alive while a run waits, and ends after it', async () => {
	await simulator.faults({ match: replace, fault: { kind: 'too_many_requests', retry_after: 1 } });
	const script = `const { execute } = require(${JSON.stringify(fileURLToPath(new URL('../../dist/portable/index.js', import.meta.url)))});
		execute(${JSON.stringify(rowsOf(1))}, ${JSON.stringify(credentials)}).then(([{ json }]) => console.log(json.success));`;
	const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { timeout: 300_000 });
	assert.equal(stdout.trim(), 'true');
});

test('the standalone example', async () => {
	const { clientId, clientSecret } = client;
	await simulator.switches({ client_id: clientId, client_secret: clientSecret });
	const root = fileURLToPath(new URL('../..', import.meta.url));
	const { stdout } = await promisify(execFile)(process.execPath, ['examples/standalone.mjs', simulator.address, clientId, clientSecret], { cwd: root });
	assert.match(stdout, /✓ DEFAULT.*\n✓ O'Neill Dental.*\n✗ No group on this PBX has the number GRP0999/);
});

describe('several runs of one execution', () => {
	const codes = (out) => out.map(({ json }) => json.details?.code ?? (json.doneBefore ? 'done before' : json.success));
	const posts = async () => (await simulator.replacements()).length;
	const unknown = { match: { path_contains: 'ReplaceGroup' }, times: 1, fault: { kind: 'reset', acted: true } };
	const row = (group, key) => ({ json: { groupId: ids[group], licenseKey: `CNRY-KEYX-AAAA-000${key}` } });

	test('send no row twice', async () => {
		const sent = new Map();
		assert.deepEqual(codes(await execute(rowsOf(3), credentials, { sent })), [true, true, true]);
		const before = await posts();
		const again = await execute(rowsOf(4), credentials, { sent });
		assert.deepEqual(codes(again), ['done before', 'done before', 'done before', true]);
		assert.ok(Date.now() - Date.parse(again[0].json.begunAt) < 60_000, again[0].json.begunAt);
		assert.equal((await posts()) - before, 1);
		// Another execution means it.
		assert.deepEqual(codes(await execute(rowsOf(3), credentials, { sent: new Map() })), [true, true, true]);
	});

	test('send nothing to a group that is in doubt', async () => {
		const sent = new Map();
		await simulator.faults(unknown);
		assert.equal((await execute([row(0, 1)], credentials, { sent }))[0].json.details.outcome, 'unknown');
		const out = await execute([row(0, 1), row(0, 2), row(1, 3)], credentials, { sent });
		assert.deepEqual(codes(out), ['IN_DOUBT', 'GROUP_IN_DOUBT', true]);
		const alone = await execute([row(0, 2)], credentials, { sent });
		assert.deepEqual(codes(alone), ['GROUP_IN_DOUBT']);
		assert.match(alone[0].json.error, /a row of an earlier run of this node is for the same group/);
	});

	test('do not bring an earlier key back, as one run does not', async () => {
		const sent = new Map();
		const rows = [row(0, 1), row(1, 3), row(0, 2)];
		assert.deepEqual(codes(await execute(rows, credentials, { sent })), [true, true, true]);
		assert.deepEqual(codes(await execute(rows, credentials, { sent })), ['OVERTAKEN', 'done before', 'done before']);
		assert.equal((await applied()).length, 3);
	});

	test('that are under way at once see each other', async () => {
		const sent = new Map();
		const runs = await Promise.all([1, 2, 3].map(() => execute([row(0, 1)], credentials, { sent })));
		assert.equal(runs.flat().filter(({ json }) => json.success && !json.doneBefore).length, 1);
		assert.equal(await posts(), 1);
	});

	test('know of one PBX nothing from another', async () => {
		const sent = new Map();
		await execute([row(0, 1)], credentials, { sent });
		const other = { ...credentials, baseUrl: credentials.baseUrl.replace('127.0.0.1', 'localhost') };
		assert.deepEqual(codes(await execute([row(0, 1)], other, { sent })), [true]);
	});
});

test('a row that comes back from the report of a run that did not learn what became of it is not sent', async () => {
	await simulator.faults({ match: { path_contains: 'ReplaceGroup' }, times: 1, fault: { kind: 'gateway_timeout', acted: true } });
	const [failed] = await execute(rowsOf(1), credentials);
	const { details, ...rest } = failed.json;
	assert.equal(details.outcome, 'unknown');
	for (const report of [{ details }, { details: JSON.stringify(details, null, 1) }, { 'details.outcome': 'unknown', 'details.licenseKey': details.licenseKey }]) {
		for (const parameters of [undefined, { rowsFrom: 'fields', groupId: ids[0], licenseKey: key(0) }]) {
			const before = (await simulator.log()).requests.length;
			const [{ json }] = await execute([{ json: { ...rest, ...rowsOf(1)[0].json, ...report } }], credentials, { parameters });
			assert.equal(json.details.code, 'IN_DOUBT', JSON.stringify(json));
			assert.match(json.message, /without the column details/);
			const asked = (await simulator.log()).requests.slice(before);
			assert.ok(asked.every(({ method }) => method === 'GET'), 'it is looked at');
		}
	}
	const [planned] = await execute([{ json: { ...rest, ...rowsOf(1)[0].json, details } }], credentials, { parameters: { dryRun: true } });
	assert.equal(planned.json.details.code, 'IN_DOUBT');
	// What another operation did not learn is no matter of this one.
	for (const report of [{ details: { outcome: 'unknown', code: 'SERVER_ERROR' } }, { details: { outcome: 'notSent' } }, { details: 'unknown' }, { details: '{' }]) {
		const [{ json }] = await execute([{ json: { ...rowsOf(1)[0].json, ...report } }], credentials);
		assert.equal(json.success, true, JSON.stringify(json));
	}
});
