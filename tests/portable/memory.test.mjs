// What outlives a run: the option memory, with Skip Rows Done Before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../scripts/lib/run.mjs';
import { execute, instant, key } from './support.mjs';

const credentials = { baseUrl: 'https://pbx.example.com', accessToken: 't' };
const parameters = { confirm: false, skipDoneBefore: true };
const rowsOf = (count) => Array.from({ length: count }, (_, row) => ({ json: { groupId: row + 1, licenseKey: key(row) } }));

function host(more, texts = new Set()) {
	const seen = { remembered: 0, calls: 0, atOnce: 0 };
	const alone = async (work) => {
		seen.calls++;
		assert.equal(++seen.atOnce, 1, 'one call at a time');
		await new Promise((resolve) => setTimeout(resolve, 2));
		seen.atOnce--;
		return work();
	};
	return {
		texts,
		seen,
		remember: async (given) =>
			await alone(() => {
				const known = given.map((text) => texts.has(text));
				for (const text of given) texts.add(text);
				seen.remembered += given.filter((text) => text.endsWith(':begun')).length;
				return known;
			}),
		forget: async (given) => await alone(() => given.forEach((text) => texts.delete(text))),
		...more,
	};
}

test('rows are remembered before they are sent, many at a time, and never by their keys', async () => {
	const memory = host();
	let sent = 0;
	const { fetch } = instant(() => {
		assert.ok(memory.seen.remembered >= ++sent, 'remembered first');
		return {};
	});
	const out = await execute(rowsOf(1000), credentials, { fetch, parameters, memory });
	assert.ok(out.every(({ json }) => json.success && !json.doneBefore));
	assert.equal(memory.texts.size, 1000);
	assert.ok(memory.seen.calls <= 100, `${memory.seen.calls} calls for 1,000 rows`);
	assert.doesNotMatch([...memory.texts].join(), /CNRY|KEYX|pbx/);
	const again = await execute(rowsOf(1001), credentials, { fetch, parameters, memory });
	assert.equal(sent, 1001, 'only what is new');
	assert.equal(again.filter(({ json }) => json.doneBefore).length, 1000);
	const other = await execute(rowsOf(10), { ...credentials, baseUrl: 'https://other.example.com' }, { fetch, parameters, memory });
	assert.ok(other.every(({ json }) => json.success && !json.doneBefore), 'another PBX');
});

test('what a memory says when it fails shows no secret', async () => {
	const secret = 'client-secret-of-the-run-1234';
	const remember = () => Promise.reject(new Error(`no: ${secret} and ${key(0)}`));
	const told = [];
	const { fetch } = instant((url) => (url.endsWith('/connect/token') ? { status: 200, body: '{"access_token":"t","expires_in":3600}' } : {}));
	const client = { baseUrl: 'https://pbx.example.com', clientId: 'n8n', clientSecret: secret };
	const out = await execute(rowsOf(2), client, { fetch, parameters, memory: host({ remember }), onHint: (hint) => told.push(hint) });
	assert.match(out[0].json.error, /memory/);
	assert.doesNotMatch(JSON.stringify([out, told]), /of-the-run|CNRY-KEYX-[0-9A-Z]{4}-/);
});

test('a run that vanishes leaves rows done, in doubt or new', async () => {
	const memory = host();
	const applied = [];
	let answered = 0;
	const hanging = instant(async (_, { body }) => {
		applied.push(JSON.parse(body).licenseKey);
		if (++answered > 20) await new Promise(() => {});
		return {};
	});
	const end = new AbortController();
	const vanished = execute(rowsOf(60), credentials, { fetch: hanging.fetch, parameters, memory, concurrency: 4, signal: end.signal });
	await until(() => answered === 24);
	const count = (end) => [...memory.texts].filter((text) => text.endsWith(end)).length;
	await until(() => count(':begun') - count(':open') === 20);
	const { fetch } = instant((_, { body }) => void applied.push(JSON.parse(body).licenseKey) ?? {});
	const out = await execute(rowsOf(60), credentials, { fetch, parameters, memory: host({}, memory.texts) });
	assert.equal(new Set(applied).size, applied.length, 'nothing twice');
	const inDoubt = out.filter(({ json }) => json.details?.code === 'IN_DOUBT');
	const before = out.filter(({ json }) => json.doneBefore);
	assert.equal(before.length, 20);
	assert.ok(inDoubt.length >= 4, 'those under way, and those that were about to go');
	assert.ok(inDoubt.every(({ json }) => json.details.outcome === 'unknown' && /not sent again/.test(json.message)));
	assert.equal(applied.length, 60 - inDoubt.length + 4);
	end.abort();
	await vanished;
});

test('without a memory that works nothing is sent, and every row says why', async () => {
	const rejects = host({ remember: async () => Promise.reject(new Error('the database is locked')) });
	const throws = host({ remember: () => { throw new Error('no memory today'); } });
	for (const [memory, why] of [
		[undefined, /there is none/],
		[rejects, /the database is locked/],
		[throws, /no memory today/],
		[host({ remember: async () => undefined }), /does not tell what it knows/],
		[host({ remember: async (texts) => texts.map(() => undefined) }), /does not tell what it knows/],
		[host({ remember: async () => [] }), /another run|does not tell/],
		[host({ capacity: 19 }), /room for 9 rows, and these are 10/],
		[{}, /./],
	]) {
		const { fetch, requests } = instant();
		const out = await execute(rowsOf(10), credentials, { fetch, parameters, memory });
		assert.equal(requests.length, 0);
		for (const { json } of out) {
			assert.match(json.error, why);
			assert.equal(json.details.outcome, 'notSent');
		}
	}
});

test('a row that 3CX refuses is new again', async () => {
	const memory = host();
	const { fetch } = instant(() => ({ status: 400, body: '{}' }));
	await execute(rowsOf(10), credentials, { fetch, parameters, memory });
	assert.equal(memory.texts.size, 0);
});

test('what is off costs nothing', async () => {
	const memory = host();
	const { fetch } = instant();
	await execute(rowsOf(10), credentials, { fetch, parameters: { confirm: false }, memory });
	assert.equal(memory.seen.calls, 0);
});

/** Processes that share a store, as n8n's workers share a database: each reads all of it, and later writes all of it. */
function workers(count, gap) {
	let stored = [];
	const change = async (work) => {
		const read = new Set(stored);
		await new Promise((resolve) => setTimeout(resolve, gap()));
		const result = work(read);
		stored = [...read];
		return result;
	};
	return Array.from({ length: count }, () => ({
		remember: async (given) =>
			await change((read) => given.map((text) => read.has(text) || (read.add(text), false))),
		forget: async (given) => await change((read) => given.forEach((text) => read.delete(text))),
	}));
}

function inTurn(count) {
	const [memory] = workers(1, () => 1);
	let turn = Promise.resolve();
	const after = (work) => (turn = turn.then(work));
	return new Array(count).fill({
		remember: async (given) => await after(() => memory.remember(given)),
		forget: async (given) => await after(() => memory.forget(given)),
	});
}

test('runs that use a memory at the same time send no row twice', async () => {
	for (const [memories, least] of [
		// Several executions of one process: its calls are made one after another.
		[inTurn(3), 60],
		// Processes that write over each other.
		[workers(2, () => 10), 0],
		[workers(3, () => 20 * Math.random()), 0],
	]) {
		const applied = [];
		const { fetch } = instant(async (_, { body }) => {
			applied.push(JSON.parse(body).licenseKey);
			await new Promise((resolve) => setTimeout(resolve, 5));
			return {};
		});
		const runs = await Promise.all(memories.map((memory) => execute(rowsOf(60), credentials, { fetch, parameters, memory })));
		assert.equal(new Set(applied).size, applied.length, 'nothing twice');
		for (const out of runs) {
			for (const { json } of out) {
				const told = json.success ? 'done' : json.details.code;
				assert.ok(['done', 'IN_DOUBT', 'MEMORY'].includes(told), JSON.stringify(json));
			}
		}
		assert.ok(applied.length >= least, `${applied.length} rows between them`);
	}
});

test('a memory that tells since when is quoted', async () => {
	const known = new Map();
	const since = '2026-11-28T02:00:00Z';
	const memory = {
		remember: async (given) => given.map((text) => known.get(text) ?? (known.set(text, since), false)),
		forget: async (given) => given.forEach((text) => known.delete(text)),
	};
	const { fetch } = instant();
	await execute(rowsOf(1), credentials, { fetch, parameters, memory });
	const [{ json }] = await execute(rowsOf(1), credentials, { fetch, parameters, memory });
	assert.equal(json.begunAt, since);
	assert.match(json.warnings.join(), new RegExp(since));
});

test('a row that repeats one of an earlier run was done before as well', async () => {
	const [memory, told] = [host(), []];
	const { fetch, requests } = instant();
	const onHint = (hint) => told.push(hint);
	await execute(rowsOf(2), credentials, { fetch, parameters, memory });
	const out = await execute([...rowsOf(2), ...rowsOf(1)], credentials, { fetch, parameters, memory, onHint });
	assert.equal(requests.length, 2);
	assert.deepEqual(out.map(({ json }) => json.doneBefore), [true, true, true]);
	assert.match(told.join('\n'), /3 rows were done/);
});

test('another way to write a key is no other key', async () => {
	const { fetch, requests } = instant();
	const written = ['8SGW-ABCD-EFGH-1234', '8sgw-abcd-efgh-1234', '8SGWABCDEFGH1234'];
	const rows = written.map((licenseKey) => ({ json: { groupId: 28, licenseKey } }));
	const memory = host();
	const out = await execute(rows, credentials, { fetch, parameters, memory });
	assert.equal(requests.length, 1);
	assert.ok(out.every(({ json }) => json.success));
	const again = await execute(rows.slice(1), credentials, { fetch, parameters, memory });
	assert.equal(requests.length, 1);
	assert.ok(again[0].json.doneBefore);
});

test('a memory that fails once leaves only those in doubt that it was asked about', async () => {
	const memory = host();
	const { remember } = memory;
	let asked = 0;
	memory.remember = async (texts) => {
		if (++asked === 4) throw new Error('locked');
		return await remember(texts);
	};
	const { fetch } = instant();
	const out = await execute(rowsOf(200), credentials, { fetch, parameters, memory });
	const done = out.filter(({ json }) => json.success).length;
	assert.ok(done > 0 && out.some(({ json }) => json.details?.outcome === 'notSent'), `${done} done`);
	assert.equal(asked, 4, 'nothing is asked about what will not be sent');
	const again = await execute(rowsOf(200), credentials, { fetch, parameters, memory: host({}, memory.texts) });
	const doubtful = again.filter(({ json }) => json.details?.outcome === 'unknown').length;
	assert.ok(doubtful <= 128 && again.filter(({ json }) => json.success).length === 200 - doubtful, `${doubtful} in doubt`);
});

/** What may take a minute takes a moment. */
async function hurried(work) {
	const { timeout } = AbortSignal;
	AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms < 60_000 ? ms : 50);
	// Such a timer alone keeps no process from its end.
	const alive = setInterval(() => {}, 1000);
	try {
		return await work();
	} finally {
		clearInterval(alive);
		AbortSignal.timeout = timeout;
	}
}
const never = () => new Promise(() => {});

test('a memory that never answers ends the run, and nothing was sent', async () => {
	const { fetch, requests } = instant();
	const out = await hurried(() => execute(rowsOf(3), credentials, { fetch, parameters, memory: host({ remember: never }) }));
	assert.deepEqual(out.map(({ json }) => json.details.outcome), ['notSent', 'notSent', 'notSent']);
	assert.match(out[0].json.error, /it does not answer/);
	assert.deepEqual(requests, []);
});

test('so does a log-in that never ends, whatever its fetch makes of a signal', async () => {
	for (const own of [{ clientId: 'n8n', clientSecret: 'secret' }, { refresh: never }]) {
		const { baseUrl } = credentials;
		const out = await hurried(() => execute(rowsOf(2), { baseUrl, ...own }, { fetch: never, parameters: { confirm: false } }));
		assert.deepEqual(out.map(({ json }) => json.details.code), ['LOGIN_UNANSWERED', 'LOGIN_UNANSWERED'], out[0].json.error);
		assert.match(out[0].json.error, /did not answer in time/);
	}
});
