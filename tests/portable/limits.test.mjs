// What bounds a run: bytes of an answer, pages of a list, time without a turn for others.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
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
		assert.ok(out.every(({ json }) => json.success));
		assert.ok(requests.length <= 10, `${requests.length} requests`);
	});

	test('a list that repeats its page fails, with what came', async () => {
		const { fetch, requests } = instant(() => page(0, 1000));
		const [{ json }] = await execute([{ json: {} }], credentials(), { ...list, fetch });
		assert.match(json.error, /^The PBX sent the same page twice/);
		assert.equal(json.details.records.length, 100);
		assert.equal(requests.length, 2);
	});
});

/** Runs, and gives the longest gap between turns of the event loop as a part of the whole. */
async function longestGap(run) {
	const started = performance.now();
	let [last, longest, isOver] = [started, 0, false];
	const turn = () => {
		const now = performance.now();
		longest = Math.max(longest, now - last);
		last = now;
		if (!isOver) setImmediate(turn);
	};
	setImmediate(turn);
	await run();
	isOver = true;
	longest = Math.max(longest, performance.now() - last);
	return longest / (performance.now() - started);
}

describe('turns for others', () => {
	const many = Array.from({ length: 200_000 }, (_, row) => ({ json: { groupId: row % 100, licenseKey: key(row) } }));
	const groups = () => ({ status: 200, body: JSON.stringify({ value: Array.from({ length: 99 }, (_, Id) => ({ Id, Number: `G${Id}` })) }) });

	for (const [name, options] of [
		['a dry run', () => ({ fetch: instant(groups).fetch, parameters: { dryRun: true } })],
		['a run that is cancelled', () => ({ fetch: instant(groups).fetch, signal: AbortSignal.abort() })],
	]) {
		test(name, async () => {
			let out;
			const gap = await longestGap(async () => { out = await execute(many, credentials(), options()); });
			assert.equal(out.length, many.length);
			assert.ok(gap < 0.25, `${gap} of the run without a turn`);
		});
	}
});
