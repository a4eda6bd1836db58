// One instance of the module for each run: what goes wrong in one stays there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { execute, instant, key, rowsOf, wasm } from './support.mjs';

const credentials = { baseUrl: 'https://pbx.example.com', accessToken: 't' };
const parameters = { confirm: false };
/** What execute gives the core to send with. */
function wire(send) {
	let settled;
	return {
		listen: (listener) => (settled = listener),
		start(url, kind, body, ticket) {
			void send(url, { ...kind, body }).then((answer) => settled(ticket, true, answer));
			return new AbortController();
		},
	};
}

test('runs at the same time never mix', async () => {
	const runs = Array.from({ length: 8 }, (_, run) => {
		const { fetch, requests } = instant(async () => void (await new Promise((resolve) => setTimeout(resolve, 5 * run))) ?? {});
		const own = { baseUrl: `https://pbx${run}.example.com`, accessToken: `token-${run}` };
		return execute(rowsOf(12), own, { fetch, parameters }).then((out) => ({ out, requests, run }));
	});
	for (const { out, requests, run } of await Promise.all(runs)) {
		assert.equal(out.length, 12);
		assert.equal(requests.length, 12);
		for (const { url, headers } of requests) {
			assert.ok(url.startsWith(`https://pbx${run}.`));
			assert.equal(headers.Authorization, `Bearer token-${run}`);
		}
	}
});

test('a core that breaks down fails its run only, and each row says whether it was sent', async () => {
	const uncaught = [];
	const listener = (error) => uncaught.push(error);
	process.on('uncaughtException', listener);
	process.on('unhandledRejection', listener);
	const { parse } = JSON;
	// The core's next row cannot be read: an exception in its midst poisons an instance as a panic does.
	const breakJson = () => {
		JSON.parse = () => {
			JSON.parse = parse;
			throw new Error('the reader broke');
		};
	};
	const told = [];
	const sent = [];
	const run = (number) => {
		let calls = 0;
		const fetch = async () => {
			sent[number] = (sent[number] ?? 0) + 1;
			await new Promise((resolve) => setTimeout(resolve, 5));
			const breaks = number === 3 && ++calls === 4;
			return {
				get status() {
					if (breaks) breakJson();
					return 204;
				},
				headers: { get: () => null },
				text: async () => '',
			};
		};
		const onHint = (hint, type) => {
			if (number === 3) told.push([type, hint]);
			return Promise.reject(new Error('the listener broke'));
		};
		return execute(rowsOf(12), credentials, { fetch, parameters, concurrency: 1, onHint });
	};
	try {
		const results = await Promise.allSettled(Array.from({ length: 8 }, (_, number) => run(number)));
		const [broken] = results.splice(3, 1);
		assert.equal(broken.status, 'fulfilled');
		const rows = broken.value.map(({ json, pairedItem }) => [json.success ?? json.details.outcome, pairedItem.item]);
		const outcomes = [true, true, true, 'unknown', ...new Array(8).fill('notSent')];
		assert.deepEqual(rows, outcomes.map((outcome, row) => [outcome, row]));
		const { error, details } = broken.value[3].json;
		assert.match(error, /the core broke down \(the reader broke\); whether it was carried out is not known$/);
		assert.deepEqual([details.row, details.httpStatus], [4, 204]);
		assert.equal(sent[3], 4, 'nothing is sent any more');
		assert.deepEqual(told, [['warning', 'The core broke down (the reader broke); look at these rows before you run them again, they may have been carried out: 4.']]);
		for (const { status, value } of results) {
			assert.equal(status, 'fulfilled');
			assert.ok(value.length === 12 && value.every(({ json }) => json.success));
		}
		assert.ok((await run(0)).every(({ json }) => json.success), 'the next run starts clean');
		// What nobody catches is told before the next turns of the event loop.
		for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
	} finally {
		JSON.parse = parse;
		process.off('uncaughtException', listener);
		process.off('unhandledRejection', listener);
	}
	assert.deepEqual(uncaught, []);
	assert.ok(!process.getActiveResourcesInfo().includes('MessagePort'), 'nothing keeps the process from ending');
});

test('rows say whether they were sent, although no core is left to find words for it', async () => {
	const { parse } = JSON;
	const { Instance } = WebAssembly;
	let sent = 0;
	const { fetch } = instant(() => {
		if (++sent === 3) {
			JSON.parse = () => {
				JSON.parse = parse;
				WebAssembly.Instance = class { constructor() { throw new RangeError('out of memory'); } };
				throw new Error('the reader broke');
			};
		}
		return {};
	});
	try {
		const hints = [];
		const out = await execute(rowsOf(5), credentials, { fetch, parameters, concurrency: 1, onHint: (hint) => hints.push(hint) });
		assert.deepEqual(out.map(({ json }) => json.success ?? json.details.outcome), [true, true, 'unknown', 'notSent', 'notSent']);
		assert.match(hints.join(), /may have been carried out: 3\. Rows that were done: 1, 2\.$/);
		assert.match(out[2].json.error, /^The core broke down \(the reader broke\)$/);
	} finally {
		Object.assign(JSON, { parse });
		Object.assign(WebAssembly, { Instance });
	}
});

test('rows that were accepted say so, although the core breaks down before they are confirmed', async () => {
	const { parse } = JSON;
	const rows = rowsOf(12);
	const groups = JSON.stringify({ value: rows.map(({ json }) => ({ Id: json.groupId, Number: `GRP${json.groupId}`, Name: 'A', Props: { Subscription: 'FREE' } })) });
	const seen = [];
	let [sent, broken] = [0, 0];
	const { fetch } = instant((_, { method }) => {
		if (method !== 'GET') {
			sent += 1;
			return {};
		}
		if (sent === rows.length) {
			broken += 1;
			JSON.parse = () => {
				JSON.parse = parse;
				throw new Error('the reader broke');
			};
		}
		return { status: 200, body: groups };
	});
	const options = { fetch, progressInterval: 0, onProgress: ({ done }) => seen.push(done), onHint: (hint) => seen.push(hint) };
	const out = await execute(rows, credentials, options);
	assert.equal(broken, 1);
	for (const { json } of out) {
		assert.equal(json.success, true);
		assert.equal(json.changed, null);
		assert.match(json.confirmation, /^Not confirmed: the run ended before the groups were read again$/);
	}
	assert.match(seen.pop(), /no row is in doubt\.$/);
	assert.equal(seen.at(-1), 12);
	assert.ok(seen.length > 2, 'progress comes as rows are accepted');
});

test('a short run tells of its end only', async () => {
	const seen = [];
	await execute(rowsOf(12), credentials, { fetch: instant().fetch, parameters, progressInterval: 60_000, onProgress: ({ done }) => seen.push(done) });
	assert.deepEqual(seen, [12]);
});

test('an exception in a task of the core rejects that run and no other', async () => {
	let failed;
	const queueMicrotask = (task) => void Promise.resolve().then(() => {
		task();
		throw new Error('panicked');
	}).catch((error) => (failed ??= error));
	const instance = wasm.create(wasm.compile(), { queueMicrotask });
	const { fetch } = instant();
	await instance.execute(rowsOf(1), credentials, { parameters }, {}, wire(fetch), {}, []);
	assert.equal(failed.message, 'panicked');
	const out = await execute(rowsOf(2), credentials, { fetch, parameters });
	assert.ok(out.every(({ json }) => json.success));
});

test('a fetch that throws, or gives no promise, is a matter of the row', async () => {
	const broken = () => {
		throw new Error('no fetch today');
	};
	const answer = { status: 204, headers: { get: () => null }, text: async () => '' };
	const own = globalThis.fetch;
	globalThis.fetch = broken;
	try {
		for (const options of [{ parameters }, { parameters, fetch: broken }]) {
			const out = await execute(rowsOf(3), credentials, options);
			assert.deepEqual(out.map(({ json }) => typeof json.error), ['string', 'string', 'string']);
		}
	} finally {
		globalThis.fetch = own;
	}
	const out = await execute(rowsOf(3), credentials, { parameters, fetch: () => answer });
	assert.ok(out.every(({ json }) => json.success));
});

test('what arrives at the same moment is looked at once', async () => {
	const { parse } = JSON;
	let deliveries = 0;
	JSON.parse = (text) => {
		deliveries++;
		return parse(text);
	};
	try {
		// Each in a task of its own, as answers from different sockets come.
		const { fetch } = instant(async () => void (await new Promise(setImmediate)) ?? {});
		const rows = Array.from({ length: 1600 }, (_, row) => ({ json: { groupId: row + 1, licenseKey: key(row) } }));
		const out = await execute(rows, credentials, { fetch, parameters, concurrency: 16 });
		assert.equal(out.filter(({ json }) => json.success).length, 1600);
	} finally {
		JSON.parse = parse;
	}
	assert.ok(deliveries <= 1600 / 4, `${deliveries} deliveries of 1,600 rows`);
});

test('100,000 rows leave the memory of the core where it was, but for the hashes that tell contradictions', async () => {
	const grown = async (count, row, options) => {
		const instance = wasm.create(wasm.compile(), { queueMicrotask });
		const rows = Array.from({ length: count }, (_, index) => ({ json: row(index) }));
		const output = [];
		const { fetch } = instant();
		// The wake-up by which a run gives others a turn does not keep Node going.
		const going = setInterval(() => {}, 1000);
		await instance.execute(rows, credentials, { concurrency: 16, ...options }, {}, wire(fetch), {}, output);
		clearInterval(going);
		assert.equal(output.filter(({ json }) => json.success).length, count);
		return instance.memory.buffer.byteLength;
	};
	const perRow = async (...work) => ((await grown(100_000, ...work)) - (await grown(1000, ...work))) / 99_000;
	const drop = { resource: 'Active Calls', operation: 'Drop Call', parameters: (row) => ({ activeCallId: row + 1 }) };
	assert.equal(await perRow(() => ({}), drop), 0, 'rows are streamed');
	// Of each row, hashes of group and key are kept: no texts.
	const replaced = await perRow((row) => ({ groupId: row + 1, licenseKey: key(row) }), { parameters });
	assert.ok(replaced <= 128, `${replaced.toFixed(0)} bytes a row`);
});

const getUser = { resource: 'Users', operation: 'Get User' };

/** A PBX that keeps one token alive. `claims`: what a log-in tells of its nth token; `answer`: what a call is answered with. */
function oneToken(claims, answer) {
	const made = [];
	const { fetch } = instant(async (url, { headers }) => {
		await new Promise((resolve) => setTimeout(resolve, 2));
		if (url.endsWith('/connect/token')) {
			const told = { access_token: `token-${made.length}-${'x'.repeat(20)}`, ...claims(made.length) };
			made.push(told.access_token);
			return { status: 200, body: JSON.stringify(told) };
		}
		return headers.Authorization === `Bearer ${made.at(-1)}` ? answer(url) : { status: 401 };
	});
	return { fetch, made };
}

const record = () => ({ status: 200, body: '{"Id":1}' });

test('runs at the same time share a token, also where its life is told as too short to be true', async () => {
	const ended = (n) => `e30.${Buffer.from(JSON.stringify({ exp: 1000, n })).toString('base64url')}.sig`;
	for (const [index, claims] of [() => ({ expires_in: 0 }), () => ({ expires_in: -1 }), (n) => ({ access_token: ended(n), expires_in: 3600 })].entries()) {
		const { fetch, made } = oneToken(claims, record);
		const own = { baseUrl: `https://short-${index}.example.com`, clientId: 'n8n', clientSecret: 'secret' };
		const run = () => execute(Array.from({ length: 40 }, () => ({ json: {} })), own, { ...getUser, parameters: { userId: 1 }, fetch, concurrency: 2 });
		const first = run();
		await new Promise((resolve) => setTimeout(resolve, 20));
		const out = (await Promise.all([first, run(), run()])).flat();
		assert.deepEqual([out.filter(({ json }) => json.error).map(({ json }) => json.error), out.length], [[], 120], `${claims}`);
		assert.equal(made.length, 1);
	}
});

test('a call that 3CX answers with 401 whatever the token fails alone, and says so', async () => {
	for (const bad of [0, 5, 20]) {
		const { fetch, made } = oneToken(() => ({ expires_in: 3600 }), (url) => (url.includes(`Users(${bad + 1})`) ? { status: 401 } : record()));
		const own = { baseUrl: `https://alone-${bad}.example.com`, clientId: 'n8n', clientSecret: 'secret' };
		const parameters = (row) => ({ userId: row + 1 });
		const out = await execute(Array.from({ length: 40 }, () => ({ json: {} })), own, { ...getUser, parameters, fetch, concurrency: 4 });
		const failed = out.flatMap(({ json }, row) => (json.error ? [[row, json.details.code]] : []));
		assert.deepEqual([failed, made.length <= 2], [[[bad, 'CALL_UNAUTHORIZED']], true], JSON.stringify(out[bad]));
	}
});

test('a core that could not be compiled is compiled again by the next run', () => {
	const program = `
		const { compile } = WebAssembly;
		WebAssembly.compile = () => {
			WebAssembly.compile = compile;
			return Promise.reject(new RangeError('Out of memory'));
		};
		const { execute } = require('./dist/portable/index.js');
		const run = () => execute([{ json: { groupId: 28, licenseKey: 'CNRY-KEYX-0000-0000' } }], { baseUrl: 'https://pbx.example.com', accessToken: 't' }, {
			fetch: async () => ({ status: 204, headers: { get: () => null }, text: async () => '' }),
			parameters: { confirm: false },
		});
		void run().then(() => 'done', String).then(async (first) => console.log(first, '|', (await run())[0].json.success));`;
	const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], { cwd: new URL('../..', import.meta.url), encoding: 'utf8' });
	assert.equal(stdout.trim(), 'RangeError: Out of memory | true', stderr);
});
