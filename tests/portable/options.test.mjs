// What a caller of `execute` can get wrong before anything is sent: options, parameters, addresses, files.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { execute, instant, key, rowsOf } from './support.mjs';

const credentials = { baseUrl: 'https://pbx.example.com', accessToken: 't' };
const blind = { confirm: false };

/** Groups where they are asked for, and a replacement that is accepted. */
const pbx = () => instant((_, { method }) => (method === 'GET' ? { status: 200, body: JSON.stringify({ value: rowsOf(4).map(({ json: { groupId } }) => ({ Id: groupId, Number: `GRP${groupId}` })) }) } : {}));

async function refused(options, message) {
	const { fetch, requests } = pbx();
	await assert.rejects(execute(rowsOf(2), credentials, { fetch, ...options }), message);
	assert.deepEqual(requests, [], JSON.stringify(options));
}

describe('what would hold a run back is read, or nothing is sent', () => {
	test('an option that there is not', async () => {
		await refused({ dryRun: true }, /“dryRun”: write parameters: \{ dryRun: … \}\. Nothing was sent\.$/);
		await refused({ memory: {}, skipDoneBefore: true }, /“skipDoneBefore”: write parameters/);
		await refused({ stopOnErrors: true }, /There is no option “stopOnErrors”\. Nothing was sent\.$/);
		const { fetch, requests } = pbx();
		for (const odd of [new Map([['parameters', { dryRun: true }]]), Object.create({ fetch }), [{ fetch }], 'dryRun']) {
			await assert.rejects(execute(rowsOf(2), credentials, odd), /options must be a plain object/);
		}
		assert.deepEqual(requests, []);
	});

	test('each option of the types is one', async () => {
		const types = readFileSync(new URL('../../portable/types.ts', import.meta.url), 'utf8');
		const [, body] = /export interface Options \{\n(.*?)\n\}/s.exec(types);
		const names = [...body.matchAll(/^\t(\w+)\?:/gm)].map(([, name]) => name);
		assert.ok(names.length > 20);
		const { fetch } = pbx();
		const options = { ...Object.fromEntries(names.map((name) => [name, undefined])), fetch, parameters: blind };
		assert.ok((await execute(rowsOf(2), credentials, options)).every(({ json }) => json.success));
	});

	test('parameters that are no plain object', async () => {
		for (const parameters of ['{"dryRun":true}', new Map([['dryRun', true]]), [{ dryRun: true }], Promise.resolve({ dryRun: true }), Object.create({ dryRun: true }), true, 1]) {
			await refused({ parameters }, /^Error: parameters must be a plain object, or a function of the row's number that gives one\. Nothing was sent\.$/);
		}
	});

	test('parameters that the operation does not have', async () => {
		for (const name of ['dryrun', 'isDryrun', 'DryRun', 'filters', 'resource']) {
			await refused({ parameters: { [name]: true } }, new RegExp(`“Replace Group License Key” has no parameter “${name}”\\. It has: .*dryRun, .*isDryRun.*Nothing was sent`));
		}
		await refused({ parameters: { options: { dryRun: true } } }, /no parameter “options”\. Write what is in it beside the other parameters\. Nothing/);
		await refused({ resource: 'Users', operation: 'Delete User', parameters: { userId: 5, dryRun: true } }, /“Delete User” has no parameter “dryRun”/);
		await refused({ resource: 'Users', operation: 'Update User', parameters: { userId: 5, fields: { FirstName: 'A' }, 'If-Match': 'W/"1"' } }, /no parameter “If-Match”/);
		await refused({ resource: 'Users', operation: 'Get User', choices: true, parameters: { search: 'A' } }, /It has: .*query, .*skip/);
	});

	test('what a function makes of a row', async () => {
		for (const [parameters, why] of [
			[async () => ({ dryRun: true }), /did not give a plain object/],
			[() => undefined, /did not give a plain object/],
			[() => [{ dryRun: true }], /did not give a plain object/],
			[(row) => (row === 1 ? { dryrun: true } : { dryRun: false }), /there is no parameter “dryrun”/],
		]) {
			const { fetch, requests } = pbx();
			const out = await execute(rowsOf(3), credentials, { fetch, parameters });
			assert.ok(out.every(({ json }) => json.details.outcome === 'notSent'), JSON.stringify(out));
			assert.match(out[0].json.error, why);
			assert.deepEqual(requests, []);
		}
		// Where no row hangs on another one, it is the row's own trouble.
		const { fetch, requests } = instant();
		const drop = { resource: 'Active Calls', operation: 'Drop Call', parameters: (row) => (row === 1 ? { activeCallID: 1 } : { activeCallId: row + 1 }) };
		const out = await execute([{ json: {} }, { json: {} }, { json: {} }], credentials, { fetch, ...drop });
		assert.deepEqual(out.map(({ json }) => json.details?.outcome ?? 'done'), ['done', 'notSent', 'done']);
		assert.equal(requests.length, 2);
	});

	test('what is meant is read, from other realms too', async () => {
		for (const parameters of [{ dryRun: true }, Object.assign(Object.create(null), { isDryRun: true }), () => ({ dryRun: true })]) {
			const { fetch, requests } = pbx();
			const out = await execute(rowsOf(2), credentials, { fetch, parameters });
			assert.ok(out.every(({ json }) => json.wouldSend));
			assert.ok(requests.every(({ method }) => method === 'GET'));
		}
	});
});

test('functions, a map and a signal that are none are refused', async () => {
	for (const name of ['fetch', 'saveFile', 'readFile', 'onProgress', 'onFailed', 'onHint']) {
		await refused({ [name]: 'x' }, new RegExp(`^Error: ${name} must be a function\\. Nothing was sent\\.$`));
	}
	for (const sent of [{}, [], 'x', new WeakMap()]) await refused({ sent }, /^Error: sent must be a Map/);
	for (const signal of [new AbortController(), {}, true, { aborted: false }]) await refused({ signal }, /^Error: signal must be an AbortSignal, such as/);
});

test('no time left is not all the time there is', async () => {
	for (const deadline of [0, '0', 0.4]) {
		const { fetch, requests } = pbx();
		const out = await execute(rowsOf(3), credentials, { fetch, parameters: blind, deadline });
		assert.deepEqual(out.map(({ json }) => json.details.outcome), ['skipped', 'skipped', 'skipped']);
		assert.deepEqual(requests, []);
	}
});

describe('the address is what fetch makes of it', () => {
	test('one PBX has one name', async () => {
		const texts = new Set();
		const memory = {
			remember: async (added) => added.map((text) => texts.has(text) || (texts.add(text), false)),
			forget: async (gone) => gone.forEach((text) => texts.delete(text)),
		};
		const hosts = [];
		for (const baseUrl of ['https://pbx-köln.example', 'https://xn--pbx-kln-e1a.example', 'https://PBX-KÖLN.example']) {
			const { fetch, requests } = instant();
			const [{ json }] = await execute(rowsOf(1), { baseUrl, accessToken: 't' }, { fetch, memory, parameters: { ...blind, skipDoneBefore: true } });
			hosts.push(requests.map(({ url }) => url.split('/')[2]), json.doneBefore);
		}
		assert.deepEqual(hosts, [['xn--pbx-kln-e1a.example'], undefined, [], true, [], true]);
	});

	test('one that cannot be called is not sent', async () => {
		for (const [baseUrl, code] of [
			['https://192.168.001.010', 'BAD_ADDRESS'],
			['https://192.168.1.256', 'BAD_ADDRESS'],
			['https://1.2.3.4.5', 'BAD_ADDRESS'],
			['https://xn--a', 'BAD_ADDRESS'],
			['http://127.0.0.1:5060', 'ADDRESS_NOT_TAKEN'],
		]) {
			const out = await execute(rowsOf(2), { baseUrl, accessToken: 't' }, { parameters: blind });
			assert.deepEqual(out.map(({ json }) => [json.details.outcome, json.details.code]), [['notSent', code], ['notSent', code]], baseUrl);
		}
		const { fetch } = instant(() => {
			throw Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' });
		});
		const [{ json }] = await execute(rowsOf(1), credentials, { fetch, parameters: blind });
		assert.equal(json.details.outcome, 'notSent');
	});
});

test('only a file is uploaded', async () => {
	const upload = { resource: 'Custom Prompts', operation: 'Upload Custom Prompt', parameters: { inputField: 'data' } };
	const run = async (data, options, more) => {
		const { fetch, requests } = instant(() => ({ status: 200, body: '{"value":"/x/y.wav"}' }));
		const [{ json }] = await execute([{ json: {}, binary: { data: { data, fileName: 'a.wav', ...more } } }], credentials, { fetch, ...upload, ...options });
		return { json, requests };
	};
	const given = (file) => ({ readFile: async () => file });
	for (const [data, options, more] of [
		['filesystem-v2', {}, { id: 'filesystem-v2:workflows/x' }],
		['database', {}, { id: 'database:1' }],
		['data:audio/wav;base64,UklGRg=='],
		['not base64 at all!'],
		['UklGR'],
		[''],
		[5],
		[[1, 2, 3]],
		[Buffer.from('RIFF')],
		...[undefined, null, 5, '/tmp/file.wav', { type: 'Buffer', data: [1, 2] }, [82, 73], new Float64Array(2), new ReadableStream(), Buffer.alloc(0), new ArrayBuffer(0)].map((file) => ['UklGRg==', given(file)]),
	]) {
		const { json, requests } = await run(data, options, more);
		assert.deepEqual([json.details?.outcome, json.details?.code], ['notSent', 'FILE_NOT_READ'], `${data}`);
		assert.deepEqual(requests, []);
	}
	for (const [data, options] of [['UklGRg=='], ['', given(Buffer.from('RIFF'))], ['', given(new Uint8Array([82, 73, 70, 70]))], ['', given(new Uint8Array([82, 73, 70, 70]).buffer)]]) {
		const { json, requests } = await run(data, options);
		assert.equal(json.value, '/x/y.wav');
		assert.match(Buffer.from(requests[0].body).toString('latin1'), /\r\n\r\nRIFF\r\n/);
	}
});

test('one odd cell does not take the others with it', async () => {
	const circle = {};
	circle.self = circle;
	const odd = { seats: NaN, crm: 12345678901234567890n, circle, get broken() { throw new Error('no such cell'); }, nothing: undefined, call() {} };
	const { fetch } = instant();
	const row = Object.defineProperties({ groupId: 1, licenseKey: key(1), Customer: 'ACME' }, Object.getOwnPropertyDescriptors(odd));
	const [{ json }] = await execute([{ json: row }], credentials, { fetch, parameters: blind });
	assert.equal(json.success, true);
	assert.deepEqual([json.Customer, json.crm], ['ACME', '12345678901234567890']);
	assert.deepEqual([json.seats, json.broken], ['(not kept: it is NaN, which is no number)', '(not kept: no such cell)']);
	assert.equal(json.circle, '(not kept: Converting circular structure to JSON)');
	assert.ok(!('nothing' in json) && !('call' in json));
});
