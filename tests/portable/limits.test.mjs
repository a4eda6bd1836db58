// What bounds a run: bytes of an answer, pages of a list, time without a turn for others.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { execute, instant, key, rowsOf } from './support.mjs';

const MB = 1 << 20;
let server;
let sent;
let answer;

before(async () => {
	server = createServer((request, response) => {
		request.resume();
		answer(request, response);
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(() => server.close());

const credentials = () => ({ baseUrl: `http://127.0.0.1:${server.address().port}`, accessToken: 'token' });
const list = { resource: 'Groups', operation: 'List Group', parameters: { returnAll: true } };

/** Sends without end, until nobody listens, and counts. */
function endless(request, response) {
	response.writeHead(200, { 'content-type': 'application/json' });
	const chunk = Buffer.alloc(64 * 1024, ' ');
	const more = () => {
		while (!response.destroyed && response.write(chunk)) sent += chunk.length;
	};
	response.on('drain', more);
	more();
}

describe('bytes of an answer', () => {
	test('an answer to a change that has no end is unknown, and not read on', async () => {
		sent = 0;
		answer = endless;
		const [{ json }] = await execute(rowsOf(1), credentials(), { parameters: { confirm: false } });
		assert.equal(json.details.outcome, 'unknown');
		assert.match(json.error, /more than 1 MB/);
		assert.ok(sent < 16 * MB, `${sent} bytes`);
	});

	test('who sends by other means gives bytes as they come, and nobody waits for those beyond the limit', async () => {
		let given = 0;
		let isOver = false;
		async function* bytes() {
			try {
				for (; given < 16 * MB; given += 64 * 1024) yield Buffer.alloc(64 * 1024, ' ');
			} finally {
				isOver = true;
			}
		}
		// A length may be that of what was compressed.
		const headers = { get: (name) => (name === 'content-length' ? '100' : null) };
		const fetch = async () => ({ status: 200, headers, body: bytes() });
		const [{ json }] = await execute(rowsOf(1), credentials(), { parameters: { confirm: false }, fetch });
		assert.match(json.error, /more than 1 MB/);
		assert.ok(isOver && given <= 2 * MB, `${given} bytes`);
	});

	test('a reading fails with its limit, also where it is compressed', async () => {
		const body = gzipSync(Buffer.concat([Buffer.from('{"value":[]'), Buffer.alloc(4 * MB, ' '), Buffer.from('}')]));
		assert.ok(body.length < 64 * 1024);
		answer = (request, response) => response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': body.length }).end(body);
		const [{ json }] = await execute([{ json: {} }], credentials(), { ...list, maxAnswerBytes: 2 * MB });
		assert.match(json.error, /more than 2 MB/);
		assert.match(json.message, /filter/);
		const [whole] = await execute([{ json: {} }], credentials(), { ...list, maxAnswerBytes: 5 * MB });
		assert.equal(whole?.json.error, undefined);
	});

	test('a file without an end is not read on, and one within its limit is kept', async () => {
		const file = { resource: 'Recordings', operation: 'Download Recording', parameters: { arguments: { recId: 1 } } };
		sent = 0;
		answer = endless;
		const [{ json }] = await execute([{ json: {} }], credentials(), { ...file, maxFileBytes: 2 * MB });
		assert.equal(json.details.code, 'ANSWER_TOO_LONG');
		assert.match(json.error, /more than 2 MB/);
		assert.ok(sent < 16 * MB, `${sent} bytes`);
		answer = (request, response) => response.writeHead(200, { 'content-type': 'audio/wav' }).end(Buffer.alloc(2 * MB));
		const [whole] = await execute([{ json: {} }], credentials(), { ...file, maxFileBytes: 2 * MB });
		assert.equal(whole.json.size, 2 * MB);
	});

	test('a fetch without a stream is held to the same', async () => {
		const { fetch } = instant(() => ({ status: 200, body: ' '.repeat(2 * MB) }));
		const [{ json }] = await execute(rowsOf(1), credentials(), { fetch, parameters: { confirm: false } });
		assert.equal(json.details.outcome, 'unknown');
		assert.match(json.error, /more than 1 MB/);
	});

	test('a log-in without an end', async () => {
		sent = 0;
		answer = endless;
		const { baseUrl } = credentials();
		const [{ json }] = await execute(rowsOf(1), { baseUrl, clientId: 'a', clientSecret: 'endless' });
		assert.match(json.error, /more than 1 MB/);
		assert.ok(sent < 16 * MB, `${sent} bytes`);
	});
});

describe('pages', () => {
	const page = (skip, count) => ({ status: 200, body: JSON.stringify({ '@odata.count': count, value: Array.from({ length: 100 }, (_, at) => ({ Id: skip + at, Number: `G${skip + at}` })) }) });

	test('a count is believed as far as groups come', async () => {
		const { fetch, requests } = instant((url) => {
			const skip = Number(new URL(url).searchParams.get('$skip') ?? 0);
			return skip < 300 ? page(skip, 4_000_000_000) : { status: 200, body: '{"value":[]}' };
		});
		const rows = Array.from({ length: 20 }, (_, row) => ({ json: { groupId: row, licenseKey: key(row) } }));
		const out = await execute(rows, credentials(), { fetch, parameters: { dryRun: true } });
		assert.ok(out.every(({ json }) => json.wouldSend));
		assert.ok(requests.length <= 10, `${requests.length} requests`);
	});

	test('a list that repeats its page fails, with what came', async () => {
		const { fetch, requests } = instant(() => page(0, 1000));
		const [{ json }] = await execute([{ json: {} }], credentials(), { ...list, fetch });
		assert.match(json.error, /^The PBX sent the same page twice/);
		assert.equal(json.details.records.length, 100);
		// As many side by side as the pace allows, once it is known that there are more.
		assert.equal(requests.length, 1 + 6);
	});
});

// Modules that are compiled while everything else waits, and the memory of the latest core.
let compiledAtOnce = 0;
let memory;
WebAssembly.Module = class extends WebAssembly.Module {
	constructor(...args) {
		super(...args);
		compiledAtOnce++;
	}
};
WebAssembly.Instance = class extends WebAssembly.Instance {
	constructor(...args) {
		super(...args);
		({ memory } = this.exports);
	}
};

/**
 * Runs, and gives how much was done at most between two turns of the event loop: calls of `count`, and bytes that the core
 * took, for what is moved when it grows takes its place anew.
 */
async function longestStretch(run) {
	let [stretch, longest, size, grown, isOver] = [0, 0, 0, 0, false];
	const look = () => {
		longest = Math.max(longest, stretch);
		stretch = 0;
		const now = memory?.buffer.byteLength ?? 0;
		if (size > 0) grown = Math.max(grown, now - size);
		size = now;
	};
	const turn = () => {
		look();
		if (!isOver) setImmediate(turn);
	};
	memory = undefined;
	setImmediate(turn);
	await run((times = 1) => { stretch += times; });
	isOver = true;
	look();
	return { longest, grown };
}

describe('turns for others', () => {
	const MANY = 100_000;
	// What is held in memory at once; without turns it would be all rows.
	const FEW = MANY / 4;
	/** What these rows take of the core's memory. */
	const FEW_BYTES = FEW * 600;
	const groups = () => ({ status: 200, body: JSON.stringify({ value: Array.from({ length: 99 }, (_, Id) => ({ Id, Number: `G${Id}` })) }) });
	const answer = (url, { method }) => (method === 'GET' ? groups() : {});
	/** Rows that tell when they are read. */
	const rows = (read, json, many = MANY) => Array.from({ length: many }, (_, row) => ({ get json() { read(); return json(row); } }));
	const columns = (row) => ({ groupId: row % 100, licenseKey: key(row) });
	const fields = (row) => ({ rowsFrom: 'fields', groupId: 28, licenseKey: key(0), dryRun: row < 0 });

	for (const [name, json, options, many = MANY] of [
		['a dry run', columns, () => ({ parameters: { dryRun: true } }), 1_000_000],
		['sending', columns, () => ({ parameters: { confirm: false } })],
		['a run whose time is over', columns, () => ({ parameters: { dryRun: true }, deadline: 300 })],
		['a run that is cancelled before', columns, () => ({ signal: AbortSignal.abort() })],
		['options that may differ', columns, (read) => ({ parameters: (row) => { read(); return { dryRun: true }; } })],
		['settings that may differ', columns, (read) => ({ parameters: (row) => { read(); return { dryRun: true, deadline: 9e6, timeout: 9e6 }; }, uniform: ['deadline', 'timeout'], fixed: ['groupId', 'isDryRun', 'dryRun', 'findByName', 'rowsFrom', 'confirm', 'stopIfUnread', 'skipDoneBefore', 'sendGroupAs', 'groupColumn', 'licenseKeyColumn'] })],
		['one group for all rows', () => ({}), (read) => ({ parameters: (row) => { read(); return fields(row); }, fixed: ['groupId', 'isDryRun', 'dryRun', 'findByName', 'rowsFrom', 'confirm', 'stopIfUnread', 'sendGroupAs', 'groupColumn', 'licenseKeyColumn'] })],
		['a report that waits for the second reading', () => ({ groupId: 28, licenseKey: key(0) }), () => ({ parameters: { confirm: true } })],
		['rows that all fail', () => ({ groupId: 28 }), (read) => ({ parameters: { dryRun: true }, onFailed: () => read() })],
	]) {
		test(name, async () => {
			const { parse } = JSON;
			let out;
			try {
				const { longest, grown } = await longestStretch(async (count) => {
					// Rows are handed over as JSON.
					JSON.parse = (text) => {
						count(text.split('"pairedItem"').length - 1);
						return parse(text);
					};
					out = await execute(rows(count, json, many), credentials(), { fetch: instant(answer).fetch, ...options(count) });
				});
				assert.ok(longest < many * 0.75, `${longest} rows without a turn`);
				assert.ok(grown < FEW_BYTES, `${grown} bytes without a turn`);
			} finally {
				JSON.parse = parse;
			}
			assert.equal(out.length, many);
			assert.ok(out.every((item) => item !== undefined));
		});
	}

	for (const [name, per, refused] of [['one row with many records', 100], ['the same in a single answer', 20_000], ['a list that breaks off after many', 100, 15_000]]) {
		test(name, async () => {
			const { parse } = JSON;
			const many = 20_000;
			const record = (Id) => ({ Id, Name: 'x'.repeat(1000) });
			const page = (url) => {
				const skip = Number(new URL(url).searchParams.get('$skip') ?? 0);
				if (skip === refused) return { status: 403 };
				return { status: 200, body: JSON.stringify({ '@odata.count': many, value: Array.from({ length: Math.max(0, Math.min(per, many - skip)) }, (_, at) => record(skip + at)) }) };
			};
			let [out, most] = [[], 0];
			try {
				const { longest } = await longestStretch(async (count) => {
					JSON.parse = (text) => {
						const items = text.split('"pairedItem"').length - 1;
						count(items);
						most = Math.max(most, items);
						return parse(text);
					};
					out = await execute([{ json: {} }], credentials(), { ...list, fetch: instant(page).fetch });
				});
				assert.ok(most > 0 && most < many / 10, `${most} records at once`);
				assert.ok(longest < many * 0.75, `${longest} records without a turn`);
			} finally {
				JSON.parse = parse;
			}
			const records = refused === undefined ? out.map(({ json }) => json) : out[0].json.details.records;
			if (refused === undefined) assert.equal(records.length, many);
			else assert.match(out[0].json.error, new RegExp(`; ${records.length} records came before`));
			assert.deepEqual(records.map(({ Id }) => Id), records.map((_, Id) => Id));
		});
	}

	test('the module is made ready aside', () => assert.equal(compiledAtOnce, 0));

	test('a cancel half-way is heard at once', async () => {
		const stop = new AbortController();
		let read = 0;
		const json = (row) => {
			// The last row is looked at first, for it may be blank; those that were begun again, for their own columns.
			if (row < MANY - 1) read = Math.max(read, row);
			if (row === MANY / 2) stop.abort();
			return columns(row);
		};
		const out = await execute(rows(() => {}, json), credentials(), { fetch: instant(answer).fetch, parameters: { dryRun: true }, signal: stop.signal });
		assert.ok(read < MANY / 2 + FEW, `row ${read} was read`);
		assert.ok(out.length === MANY && out.every((item) => item !== undefined));
		assert.match(out.at(-1).json.error, /canceled/);
	});

	test('lists of rows are put together piece by piece', async () => {
		const { flat } = createRequire(import.meta.url)('../../dist/portable/turns.js');
		let items;
		const { longest } = await longestStretch(async (count) => {
			const slots = Array.from({ length: MANY }, (_, row) => (row % 2 ? [row, row, row] : row % 3 ? row : []));
			const counted = { get: (target, name) => { if (name !== 'length') count(); return target[name]; } };
			items = await flat(new Proxy(slots, counted));
			assert.deepEqual(items, slots.flat());
		});
		assert.ok(longest < MANY * 0.75, `${longest} rows without a turn`);
	});

	test('rows of a core that broke down', async () => {
		const { parse } = JSON;
		const told = [];
		let out;
		const { longest } = await longestStretch(async (count) => {
			// Handing the first rows over fails, which breaks the core.
			JSON.parse = (text) => {
				JSON.parse = (later) => {
					count();
					return parse(later);
				};
				throw new Error(`the reader broke over ${text.length} characters`);
			};
			try {
				out = await execute(rows(() => {}, columns), credentials(), { fetch: instant(answer).fetch, parameters: { dryRun: true }, onFailed: (item) => told.push(item) });
			} finally {
				JSON.parse = parse;
			}
		});
		assert.ok(longest < MANY * 0.75, `${longest} rows without a turn`);
		assert.equal(out.length, MANY);
		assert.deepEqual(told, out, 'each of them is told');
	});
});
