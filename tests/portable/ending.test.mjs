// How a run ends before its last row: canceled from within, broken down, or with a host that does not answer.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { execute, instant, key } from './support.mjs';

const credentials = { baseUrl: 'https://pbx.example.com', accessToken: 't' };
const parameters = { confirm: false };
const rows = (count) => Array.from({ length: count }, (_, row) => ({ json: { groupId: row + 1, licenseKey: key(row) } }));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const never = () => new Promise(() => {});
const outcomes = (out) => out.map(({ json }) => json.details?.outcome ?? 'done');

/** Timers of the core alone keep no process from its end. */
async function kept(work) {
	const alive = setInterval(() => {}, 1000);
	try {
		return await work();
	} finally {
		clearInterval(alive);
	}
}

describe('nothing is sent after a cancel', () => {
	for (const [from, listen] of [
		['onProgress', (cancel) => ({ onProgress: ({ done }) => done >= 60 && cancel() })],
		['onProgress, a moment later', (cancel) => ({ onProgress: async ({ done }) => { await null; if (done >= 60) cancel(); } })],
		['onFailed', (cancel) => ({ onFailed: cancel })],
		['fetch', (cancel) => ({ onSent: (sent) => sent === 64 && cancel() })],
	]) {
		test(`from ${from}`, async () => {
			const stop = new AbortController();
			let [sent, sentAfter] = [0, 0];
			const { onSent, ...listeners } = listen(() => stop.abort());
			const fetch = async () => {
				sentAfter += stop.signal.aborted;
				const number = ++sent;
				onSent?.(number);
				const status = from === 'onFailed' && number === 64 ? 400 : 204;
				await pause(3);
				return { status, headers: { get: () => null }, text: async () => '' };
			};
			const out = await execute(rows(400), credentials, { fetch, parameters, signal: stop.signal, progressInterval: 0, ...listeners });
			assert.ok(stop.signal.aborted);
			assert.equal(sentAfter, 0);
			const mayBeDone = outcomes(out).filter((outcome) => !['notSent', 'skipped'].includes(outcome));
			assert.equal(mayBeDone.length, sent, 'what has not left is not in doubt');
			assert.equal(out.length, 400);
		});
	}
});

test('a core that broke down does nothing any more, and gives up what is under way', async () => {
	const { parse } = JSON;
	let [sent, aborted, isOver] = [0, 0, false];
	const late = [];
	const note = (what) => isOver && late.push(what);
	const texts = new Set();
	const memory = {
		async remember(added) {
			note('remember');
			await pause(5);
			return added.map((text) => texts.has(text) || (texts.add(text), false));
		},
		forget: async (gone) => (note('forget'), gone.forEach((text) => texts.delete(text))),
	};
	const fetch = async (_, { signal }) => {
		note('fetch');
		const number = ++sent;
		signal.addEventListener('abort', () => aborted++);
		await pause(number === 40 ? 5 : 5 + (number > 40 ? 200 : 0));
		if (number === 40) {
			JSON.parse = () => {
				JSON.parse = parse;
				throw new Error('the reader broke');
			};
		}
		return { status: 204, headers: { get: () => null }, text: async () => '' };
	};
	const stop = new AbortController();
	for (const skipDoneBefore of [false, true]) {
		[sent, aborted, isOver] = [0, 0, false];
		const out = await kept(async () => {
			const listeners = { onProgress: () => note('progress'), onFailed: () => note('failed'), onHint: () => note('hint') };
			const options = { fetch, memory, timeout: 500, deadline: 1500, signal: stop.signal, progressInterval: 0, ...listeners };
			const ended = await execute(rows(300), credentials, { ...options, parameters: { ...parameters, skipDoneBefore } });
			// Who is told of the breakdown is told beside it.
			await pause(0);
			isOver = true;
			await pause(2500);
			return ended;
		});
		assert.equal(out.length, 300);
		assert.deepEqual(late, []);
		assert.ok(aborted > 0 || sent <= 40, `${aborted} of ${sent}`);
	}
});

describe('a memory that does not answer does not keep a run', () => {
	for (const [what, options] of [
		['past its time limit', () => ({ deadline: 300 })],
		['that is canceled', () => ({ signal: AbortSignal.timeout(300) })],
	]) {
		test(what, async () => {
			const { fetch, requests } = instant();
			const began = performance.now();
			let forgot = 0;
			const memory = { remember: never, forget: () => (forgot++, never()) };
			const out = await kept(() => execute(rows(2), credentials, { fetch, memory, parameters: { ...parameters, skipDoneBefore: true }, ...options() }));
			assert.ok(performance.now() - began < 20_000);
			assert.deepEqual(requests, []);
			assert.ok(out.every(({ json }) => ['notSent', 'skipped'].includes(json.details.outcome)));
			assert.ok(forgot > 0, 'it is told to forget all the same');
		});
	}
});

/** A PBX with a thread of its own, which answers each change after 30 ms. */
async function pbxBeside() {
	const thread = new Worker(
		`const { createServer } = require('node:http');
		const server = createServer((request, response) => request.resume().on('end', () => setTimeout(() => response.writeHead(204).end(), 30)));
		server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port));`,
		{ eval: true },
	);
	const port = await new Promise((resolve) => thread.once('message', resolve));
	return { thread, baseUrl: `http://127.0.0.1:${port}` };
}

test('what was answered while the process was held up past the timeout is done', async () => {
	const { thread, baseUrl } = await pbxBeside();
	try {
		let sent = 0;
		const holdUp = () => {
			for (const end = performance.now() + 1500; performance.now() < end; );
		};
		const held = async (url, init) => {
			if (++sent === 8) setTimeout(holdUp, 5);
			return fetch(url, init);
		};
		const out = await execute(rows(30), { ...credentials, baseUrl }, { fetch: held, parameters, timeout: 500 });
		assert.deepEqual(outcomes(out), outcomes(out).fill('done'));
		const late = async (url, init) => (await pause(++sent === 31 ? 1000 : 0), fetch(url, init));
		const [first] = await execute(rows(1), { ...credentials, baseUrl }, { fetch: late, parameters, timeout: 500 });
		assert.equal(first.json.details.outcome, 'unknown', 'what is not answered in time');
	} finally {
		await thread.terminate();
	}
});

describe('what a fetch gives and throws', () => {
	const list = { resource: 'Groups', operation: 'List Group' };
	const body = '{"value":[{"Id":1,"Number":"x","Name":"y"}]}';

	test('headers that cannot be asked turn no refusal into a doubt', async () => {
		for (const headers of [undefined, {}, { get: 'x' }]) {
			const refusal = async () => ({ status: 400, headers, text: async () => '{"error":{"message":"WARNINGS.LICENSE_NOT_FOUND"}}' });
			const [{ json }] = await execute(rows(1), credentials, { fetch: refusal, parameters });
			assert.deepEqual([json.details.outcome, json.details.code], ['refused', 'WARNINGS.LICENSE_NOT_FOUND']);
			const [read] = await execute([{ json: {} }], credentials, { fetch: async () => ({ status: 200, headers, text: async () => body }), ...list });
			assert.equal(read.json.Id, 1);
		}
	});

	test('chunks of text are read as their bytes, and anything else is no answer', async () => {
		const answer = (chunk) => async () => ({ status: 200, headers: new Headers(), body: (async function* () { yield chunk; })() });
		const [{ json }] = await execute([{ json: {} }], credentials, { fetch: answer(body), ...list });
		assert.equal(json.Id, 1);
		const [odd] = await execute(rows(1), credentials, { fetch: answer({}), parameters });
		assert.equal(odd.json.details.outcome, 'unknown');
	});

	test('nobody canceled where a fetch has a time limit of its own', async () => {
		const fetch = async () => {
			throw new DOMException('This operation was aborted', 'AbortError');
		};
		const [{ json }] = await execute(rows(1), credentials, { fetch, parameters });
		assert.deepEqual([json.details.outcome, json.details.code], ['unknown', 'TIMEOUT']);
	});
});

describe('runs that share credentials', () => {
	const own = (clientId) => ({ baseUrl: 'https://pbx.example.com', clientId, clientSecret: 's' });
	const good = () => instant((url) => (url.endsWith('token') ? { status: 200, body: '{"access_token":"GOOD"}' } : {}));

	test('one whose fetch does not work harms no other', async () => {
		const broken = async () => {
			await pause(20);
			throw Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error('no'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }) });
		};
		const runs = [broken, good().fetch, good().fetch].map((fetch) => execute(rows(1), own('broken'), { fetch, parameters }));
		const [[bad], ...others] = await Promise.all(runs);
		assert.equal(bad.json.details.outcome, 'notSent');
		assert.ok(others.every(([{ json }]) => json.success), JSON.stringify(others));
	});

	test('nor one whose fetch never answers', async () => {
		const hung = execute(rows(1), own('hung'), { fetch: never, deadline: 100, parameters });
		const { fetch } = good();
		const [{ json }] = await kept(() => execute(rows(1), own('hung'), { fetch, parameters }));
		assert.equal(json.success, true);
		await hung;
	});

	test('one log-in is for all that come while it is under way', async () => {
		let logIns = 0;
		const fetches = Array.from({ length: 5 }, () => instant(async (url) => {
			if (!url.endsWith('token')) return {};
			logIns++;
			await pause(20);
			return { status: 200, body: '{"access_token":"GOOD"}' };
		}).fetch);
		const runs = await Promise.all(fetches.map((fetch) => execute(rows(1), own('shared'), { fetch, parameters })));
		assert.ok(runs.every(([{ json }]) => json.success));
		assert.equal(logIns, 1);
	});
});
