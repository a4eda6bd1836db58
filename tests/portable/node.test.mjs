// The node itself, in an n8n that only answers what is asked of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { ids, key } from './support.mjs';

const require = createRequire(import.meta.url);
const { Threecx } = require('../../dist/nodes/Threecx/Threecx.node.js');

const loop = { name: 'Loop Over Items', type: 'n8n-nodes-base.splitInBatches' };

test('the form and the docs say how many rows n8n remembers', () => {
	const { memory } = require('../../dist/nodes/Threecx/memory.js');
	const helpers = { checkProcessedAndRecord() {}, removeProcessed() {} };
	const { capacity } = memory.call({ helpers, getWorkflow: () => ({ id: 'w' }), getNode: () => ({ id: 'n' }) });
	const rows = `the latest ${(capacity / 2).toLocaleString('en-US')} rows`;
	for (const file of ['node-definition.json', 'docs/replace-license-keys.md']) {
		assert.ok(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').includes(rows), `${file}: ${rows}`);
	}
});

/**
 * Runs the node. An expression is `=` and the name of a column; one that names none throws. `execution`: what n8n keeps
 * with an execution. `around`: nodes before and after.
 */
async function run(rows, parameters, answer, { continueOnFail = false, type = 'n8n-nodes-3cx.threecx', without = [], execution = {}, texts = new Set(), executionId = '1', around = [[], []], given = rows.length, id = 'a', credential, refresh, ...settings } = {}) {
	const [requests, hints] = [[], []];
	const evaluated = (value, row) => {
		if (typeof value === 'string' && value.startsWith('=')) {
			if (!(value.slice(1) in rows[row])) throw new Error(`no column ${value.slice(1)}`);
			return rows[row][value.slice(1)];
		}
		const isCollection = typeof value === 'object' && value !== null && !Array.isArray(value);
		return isCollection ? Object.fromEntries(Object.entries(value).map(([name, part]) => [name, evaluated(part, row)])) : value;
	};
	const context = {
		getNode: () => ({ id, name: '3CX', type, parameters: { authentication: 'accessToken', ...parameters }, ...settings }),
		getNodeParameter: (name, row, otherwise) => evaluated(name.split(/[.[\]"]+/).filter(Boolean).reduce((value, part) => value?.[part], parameters) ?? otherwise, row),
		getInputData: () => rows.slice(0, given).map((json) => ({ json })),
		getExecuteData: () => ({ data: { main: [rows.map((json) => ({ json }))] } }),
		getCredentials: async (_, row = 0) => ({ baseUrl: 'https://pbx.example.com', accessToken: 't', ...credential?.(rows[row]) }),
		getContext: () => execution,
		getExecutionId: () => executionId,
		getWorkflow: () => ({ id: 'w' }),
		getParentNodes: () => around[0],
		getChildNodes: () => around[1],
		getExecutionCancelSignal: () => undefined,
		getTimezone: () => 'Europe/Berlin',
		continueOnFail: () => continueOnFail,
		addExecutionHints: (...told) => hints.push(...told.map(({ message }) => message)),
		logger: { info() {}, debug() {} },
		helpers: {
			...remembering(texts),
			refreshOAuth2Token: async () => ({ access_token: refresh() }),
			httpRequest: async (request) => {
				requests.push(request);
				const { status = 204, body = '' } = await answer(request);
				return { statusCode: status, headers: {}, body: Readable.from([Buffer.from(body)]) };
			},
		},
	};
	for (const name of without) delete context[name];
	const ended = await new Threecx().execute.call(context).then(([items]) => ({ items }), (error) => ({ error }));
	return { ...ended, requests, hints };
}

/** What n8n keeps of a node beyond its executions. */
function remembering(texts) {
	return {
		checkProcessedAndRecord: async (given) => {
			const known = given.filter((text) => texts.has(text));
			given.forEach((text) => texts.add(text));
			return { new: given.filter((text) => !known.includes(text)), processed: known };
		},
		removeProcessed: async (given) => given.forEach((text) => texts.delete(text)),
	};
}

const flagship = { resource: 'Groups', operation: 'Replace Group License Key', rowsFrom: 'fields', groupId: '=group', licenseKey: '=key' };
const rowsOf = (count, more) => ids.slice(0, count).map((group, row) => ({ group, key: key(row), ...more?.(row) }));
const done = () => ({});

test('a record with a field error is a record', async () => {
	const record = { Id: 5, error: 'x', message: 'y', details: 'z' };
	const get = { resource: 'Users', operation: 'Get User', userId: 5, simplify: false };
	const { items, error } = await run([{}], get, () => ({ status: 200, body: JSON.stringify(record) }));
	assert.equal(error, undefined);
	assert.deepEqual(items[0].json, record);
});

test('no request has another limit of time than the run’s own', async () => {
	const { requests } = await run(rowsOf(2), { ...flagship, options: { confirm: false, timeout: 600 } }, done);
	assert.deepEqual(requests.map(({ timeout }) => timeout), [0, 0]);
});

test('an If-Match whose expression has no value guards: nothing is sent', async () => {
	const rows = [{ etag: 'W/"1"' }, { etag: undefined }, { etag: null }, { etag: '' }];
	const update = { resource: 'Users', operation: 'Update User', userId: 5, fields: { mappingMode: 'defineBelow', value: { FirstName: 'Ann' } } };
	const { items, requests } = await run(rows, { ...update, options: { ifMatch: '=etag' } }, done, { continueOnFail: true });
	assert.deepEqual(requests.map(({ headers }) => headers['If-Match']), ['W/"1"']);
	assert.deepEqual(items.map(({ json }) => json.details?.outcome ?? json.success), [true, 'notSent', 'notSent', 'notSent']);
	const remove = { resource: 'Users', operation: 'Delete User', userId: 5, 'If-Match': '=etag' };
	const saved = await run(rows.slice(0, 3), remove, done, { continueOnFail: true });
	assert.deepEqual(saved.requests.map(({ headers }) => headers['If-Match']), ['W/"1"']);
	const untouched = await run([{}], { ...remove, 'If-Match': '' }, done, { continueOnFail: true });
	assert.equal(untouched.requests.length, 1, 'as the earlier node saved what nobody filled');
});

test('the row that failed is named by its own number, also behind rows that give several items', async () => {
	const list = { resource: 'Users', operation: 'List User', options: { filter: '=filter' }, limit: 50 };
	const records = JSON.stringify({ value: [{ Id: 1 }, { Id: 2 }, { Id: 3 }] });
	const answer = ({ url }) => (url.includes('odd') ? { status: 400, body: '{}' } : { status: 200, body: records });
	const { error } = await run([{ filter: 'Id gt 0' }, { filter: 'odd' }], list, answer);
	assert.match(error.message, /^Row 2: /);
	assert.equal(error.context.itemIndex, 1);
});

test('a run that its time limit ends does not end as if all was done', async () => {
	const options = { confirm: false, deadline: 400, requestsAtOnce: 1 };
	const slow = () => new Promise((resolve) => setTimeout(resolve, 100, {}));
	const { error, requests } = await run(rowsOf(20), { ...flagship, options }, slow);
	assert.ok(requests.length < 20);
	assert.match(error.message, /^Row \d+: .*time/);
});

test('a time limit of 0 is none, and what n8n adds to a tool is no parameter', async () => {
	for (const deadline of [0, '0', '', undefined]) {
		const { items } = await run(rowsOf(2), { ...flagship, options: { confirm: false, deadline }, descriptionType: 'auto', toolDescription: 'x' }, done);
		assert.ok(items.every(({ json }) => json.success), `${deadline}`);
	}
	const { error } = await run(rowsOf(2), { ...flagship, options: { confirm: false, deadline: 'soon' } }, done);
	assert.match(error.message, /deadline \(Time Limit\) must be a number/);
});

test('a dry run that the form or the options of a workflow ask for sends nothing, whatever the other says', async () => {
	const groups = () => ({ status: 200, body: JSON.stringify({ value: ids.map((Id) => ({ Id, Number: `GRP${Id}`, Name: `Group ${Id}` })) }) });
	for (const [ofForm, ofOptions] of [[undefined, true], [false, true], [true, undefined], [true, false], [true, true]]) {
		const parameters = { ...flagship, ...(ofForm === undefined ? {} : { isDryRun: ofForm }), options: ofOptions === undefined ? {} : { dryRun: ofOptions } };
		const { items, requests } = await run(rowsOf(3), parameters, groups);
		const told = JSON.stringify([ofForm, ofOptions]);
		assert.ok(requests.every(({ method }) => method === 'GET'), told);
		assert.deepEqual(items.map(({ json }) => [json.dryRun, json.wouldSend, json.success]), new Array(3).fill([true, true, undefined]), told);
	}
});

test('a dry run tells what is wrong with every row, whatever On Error says, and fails only as a whole', async () => {
	const groups = { status: 200, body: JSON.stringify({ value: ids.map((Id) => ({ Id, Number: `GRP${Id}`, Name: `Group ${Id}` })) }) };
	const rows = [...rowsOf(3), { group: ids[0], key: '' }, { group: 999, key: key(4) }, { group: ids[0], key: key(5) }, { group: ids[0], key: key(0) }, { group: ids[1], key: key(1) }];
	const dry = { ...flagship, isDryRun: true };
	const expected = [true, true, true, 'EMPTY_CELL', 'UNKNOWN_GROUP', true, 'OVERTAKEN', false];
	for (const settings of [{}, { type: 'n8n-nodes-3cx.threecxTool' }, { continueOnFail: true }, { continueOnFail: true, onError: 'continueErrorOutput' }]) {
		const { items, error } = await run(rows, dry, () => groups, settings);
		assert.equal(error, undefined);
		assert.deepEqual(items.map(({ json }) => json.wouldSend ?? json.details.code), expected);
		for (const { json, error: mark } of items) {
			assert.ok(json.dryRun ?? (json.details.dryRun && json.message), JSON.stringify(json));
			assert.equal(mark !== undefined, settings.onError !== undefined && json.error !== undefined);
		}
	}
	const unreachable = () => Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' }));
	for (const [what, parameters, answer] of [
		['no rights', dry, () => ({ status: 403, body: '{}' })],
		['no PBX', dry, unreachable],
		['not all groups', { ...dry, options: { stopIfUnread: true } }, () => ({ status: 400, body: '{}' })],
		['no time', { ...dry, options: { deadline: 1 } }, () => new Promise((resolve) => setTimeout(resolve, 50, groups))],
		['a switch that differs', { ...dry, isDryRun: '=dry' }, () => groups],
	]) {
		const { error } = await run(rows.map((columns, row) => ({ ...columns, dry: row < 4 })), parameters, answer);
		assert.ok(error, what);
	}
});

test('a switch that an expression makes is looked at in every row before anything is sent', async () => {
	const options = { confirm: false, dryRun: '=test' };
	for (const [what, column] of [
		['a text', (row) => ({ test: row === 3 ? 'true' : false })],
		['another value', (row) => ({ test: row === 3 })],
		['no column', (row) => (row === 3 ? {} : { test: false })],
	]) {
		const { items, requests } = await run(rowsOf(6, column), { ...flagship, options }, done, { continueOnFail: true });
		assert.equal(requests.length, 0, what);
		for (const { json } of items) assert.match(json.error, /^Nothing was sent: /, what);
	}
	const { items, requests } = await run(rowsOf(6, () => ({ test: false })), { ...flagship, options }, done);
	assert.deepEqual([requests.length, items.every(({ json }) => json.success)], [6, true]);
});

test('what keeps a run from beginning is told in every row, which go on as failed', async () => {
	const throwing = { ...flagship, options: { confirm: false, dryRun: '=none' } };
	const text = { ...flagship, options: { confirm: false, requestsAtOnce: '=group' } };
	const gone = { ...flagship, operation: 'No Such Operation' };
	for (const parameters of [throwing, text, gone]) {
		const rows = rowsOf(3).map((columns) => ({ ...columns, group: 'x' }));
		for (const onError of ['continueRegularOutput', 'continueErrorOutput']) {
			const { items, requests, error } = await run(rows, parameters, done, { continueOnFail: true, onError });
			assert.deepEqual([error, requests.length], [undefined, 0]);
			assert.deepEqual(items.map(({ json, pairedItem }) => [json.details.outcome, json.details.row, pairedItem.item]), rows.map((_, index) => ['notSent', index + 1, index]));
			for (const { json, error: mark } of items) {
				assert.match(json.error, /^Nothing was sent: /);
				assert.ok(json.message.length > 20 && !json.error.includes('undefined'), JSON.stringify(json));
				assert.equal(mark !== undefined, onError === 'continueErrorOutput', 'n8n sends it to the error output');
			}
		}
		assert.ok((await run(rows, parameters, done)).error, 'else it throws');
	}
});

test('a message is told as it is, whatever names of system errors are in it', async () => {
	const refusal = () => ({ status: 400, body: JSON.stringify({ error: { message: 'EACCES: RolePermissions, ENOENT, ECONNREFUSED' } }) });
	const { error } = await run(rowsOf(1), { ...flagship, options: { confirm: false } }, refusal);
	assert.match(error.message, /^Row 1: 3CX refused the request \(400\): EACCES: RolePermissions/);
});

test('what was done is not told as failed where n8n takes no hints', async () => {
	const remove = { resource: 'Users', operation: 'Delete User', userId: 5, options: {} };
	const { items, error } = await run([{}], remove, done, { type: 'n8n-nodes-3cx.threecxTool', without: ['addExecutionHints'] });
	assert.equal(error, undefined);
	assert.ok(items[0].json.success ?? items[0].json.deleted, JSON.stringify(items));
});

test('an expression that does not work is its row’s trouble', async () => {
	const rows = rowsOf(4);
	delete rows[2].key;
	const { items } = await run(rows, { ...flagship, options: { confirm: false } }, done, { continueOnFail: true });
	assert.deepEqual(items.map(({ json }) => json.success ?? json.details.outcome), [true, true, 'notSent', true]);
});

test('a core that breaks down leaves each row with what is known of it', async () => {
	const { parse } = JSON;
	let calls = 0;
	// The core's next row cannot be read.
	const answer = () => {
		if (++calls === 3) {
			JSON.parse = () => {
				JSON.parse = parse;
				throw new Error('the reader broke');
			};
		}
		return {};
	};
	try {
		const one = { ...flagship, options: { confirm: false, requestsAtOnce: 1 } };
		const { items } = await run(rowsOf(6), one, answer, { continueOnFail: true });
		assert.deepEqual(items.map(({ json }) => json.success ?? json.details.outcome), [true, true, 'unknown', 'notSent', 'notSent', 'notSent']);
		calls = 0;
		const { error } = await run(rowsOf(6), one, answer);
		assert.match(error.message, /^Row 3: After this row was sent the core broke down/);
	} finally {
		JSON.parse = parse;
	}
});

test('an AI agent is told the remedy with what happened, and no row', async () => {
	const get = { resource: 'Users', operation: 'Get User', userId: 5 };
	const missing = () => ({ status: 404, body: '{}' });
	const tool = await run([{}], get, missing, { type: 'n8n-nodes-3cx.threecxTool' });
	assert.match(tool.error.message, /^3CX does not know this \(404\)\. Check that it still exists/);
	assert.ok(!tool.error.description, 'older agents are handed the description in place of the message');
	const node = await run([{}], get, missing);
	assert.match(node.error.message, /^Row 1: 3CX does not know this \(404\)$/);
});

test('a credential that is another one in any row sends nothing, and one for all rows is read a few times', async () => {
	const parameters = { ...flagship, options: { confirm: false } };
	for (const name of ['baseUrl', 'accessToken', 'ignoreSSLIssues']) {
		const rows = rowsOf(12, (row) => ({ own: row === 10 ? 'https://other.example.com' : 'https://pbx.example.com' }));
		const ofRow = ({ own }) => ({ [name]: name === 'ignoreSSLIssues' ? own.includes('other') : own });
		const { error, requests } = await run(rows, parameters, done, { credential: ofRow });
		assert.deepEqual([requests.length, error.description.includes('one credential per PBX')], [0, true]);
		assert.match(error.message, /The credential is not the same in rows 1 and 11$/);
	}
	const same = await run(rowsOf(12), parameters, done, { credential: ({ key: _ }) => ({}) });
	assert.deepEqual([same.error, same.requests.length], [undefined, 12], 'an expression that gives the same');
	let reads = 0;
	const fixed = await run(rowsOf(12), parameters, done, { credential: () => (reads++, {}) });
	assert.deepEqual([fixed.requests.length, reads], [12, 3]);
});

test('a token that n8n has kept from another PBX or client is not sent', async () => {
	const get = { authentication: 'oAuth2', resource: 'Users', operation: 'Get User', userId: 5 };
	const [a, b] = ['https://a.example.com', 'https://b.example.com'];
	const record = () => ({ status: 200, body: '{"Id":5}' });
	let made = 0;
	for (const [baseUrl, clientId, expected] of [[a, 'n8n', 'of-a'], [b, 'n8n', 'new-1'], [a, 'other', 'new-2'], [`${a}/#/login`, 'n8n', 'of-a']]) {
		const credential = () => ({ baseUrl, clientId, clientSecret: 'secret', oauthTokenData: { access_token: 'of-a' } });
		const { requests, error } = await run([{}], get, record, { credential, refresh: () => `new-${++made}` });
		assert.equal(error, undefined);
		assert.deepEqual(requests.map(({ url, headers }) => [new URL(url).origin, headers.Authorization]), [[new URL(baseUrl).origin, `Bearer ${expected}`]]);
	}
});

test('a node in a loop sends only what needs no other rows', async () => {
	const columns = { resource: 'Groups', operation: 'Replace Group License Key', rowsFrom: 'columns', options: { confirm: false } };
	const named = { ...columns, groupColumn: 'group', licenseKeyColumn: 'key' };
	const fixed = { ...flagship, groupId: '28', options: { confirm: false } };
	const inLoop = { around: [[loop], [loop]] };
	for (const [parameters, settings, sent] of [
		[columns, inLoop, 0],
		[{ ...columns, groupColumn: 'group' }, inLoop, 0],
		[fixed, inLoop, 0],
		[named, inLoop, 1],
		[{ ...flagship, options: { confirm: false } }, inLoop, 1],
		[{ ...fixed, licenseKey: key(0) }, inLoop, 1],
		[columns, { around: [[loop], []] }, 1],
		[fixed, { around: [[loop], [{ ...loop, name: 'Another' }]] }, 1],
		[columns, { around: [[{ ...loop, disabled: true }], [loop]] }, 1],
	]) {
		const { requests, error } = await run(rowsOf(1), parameters, done, settings);
		assert.equal(requests.filter(({ method }) => method !== 'GET').length, sent, JSON.stringify([parameters, settings]));
		if (sent === 0) assert.match(`${error.message} ${error.description}`, /Not sent: The node stands in a loop .*Take the node out of the loop/);
	}
});

test('a retry of an execution sends no change again that it may have sent, and all that it has not', async () => {
	const parameters = { ...flagship, options: { confirm: false } };
	const failing = ({ body }) => (JSON.parse(body).licenseKey === key(2) ? { status: 400, body: '{}' } : {});
	const execution = {};
	const retry = { execution, executionId: '2' };
	const first = await run(rowsOf(4), parameters, failing, { execution });
	assert.match(first.error.message, /^Row 3/);
	const again = await run(rowsOf(4), parameters, done, retry);
	assert.deepEqual([again.requests.length, /This is a retry of an execution/.test(again.error.message)], [0, true]);
	const get = { resource: 'Users', operation: 'Get User', userId: 5 };
	assert.equal((await run([{}], get, () => ({ status: 200, body: '{"Id":5}' }), retry)).requests.length, 1, 'what only reads');
	const custom = { resource: 'Custom Request', operation: 'Send Request', method: 'DELETE', path: '/Users(5)' };
	assert.equal((await run([{}], custom, done, { execution: { sent: { isRemembered: false } }, executionId: '2' })).requests.length, 0);
	for (const [what, context, count] of [
		['another node failed', {}, 4],
		['another node failed after this one', await after(rowsOf(2), parameters, done), 4],
		['nothing was done', await after(rowsOf(1), parameters, () => ({ status: 400, body: '{}' })), 4],
		['nothing was sent', await after([{ group: '', key: '' }], parameters, done), 4],
	]) {
		assert.equal((await run(rowsOf(4), parameters, done, { execution: context, executionId: '2' })).requests.length, count, what);
	}
});

test('a retry sends again where both runs remember rows in one memory, and nowhere else', async () => {
	const remembers = { ...flagship, options: { confirm: false, skipDoneBefore: true } };
	const forgets = { ...flagship, options: { confirm: false } };
	const elsewhere = { credential: () => ({ baseUrl: 'https://other.example.com' }) };
	const failing = ({ body }) => (JSON.parse(body).licenseKey === key(2) ? { status: 400, body: '{}' } : {});
	for (const [what, first, second, settings, sent] of [
		['as it was', remembers, remembers, {}, [key(2)]],
		['another PBX', remembers, remembers, elsewhere, []],
		['another node of this name', remembers, remembers, { id: 'b' }, []],
		['no longer', remembers, forgets, {}, []],
		['not from the start', forgets, remembers, {}, []],
	]) {
		const [execution, texts] = [{}, new Set()];
		assert.match((await run(rowsOf(3), first, failing, { execution, texts })).error.message, /^Row 3/, what);
		const memory = settings.id || settings.credential ? new Set() : texts;
		const { requests } = await run(rowsOf(3), second, done, { execution, texts: memory, executionId: '2', ...settings });
		assert.deepEqual(requests.map(({ body }) => JSON.parse(body).licenseKey), sent, what);
	}
});

test('a retry that sends nothing does not make a later one forget what was sent', async () => {
	const failing = ({ body }) => (JSON.parse(body).licenseKey === key(2) ? { status: 400, body: '{}' } : {});
	const broken = () => Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' }));
	for (const [skipDoneBefore, answer] of [[false, done], [true, broken]]) {
		const [execution, texts] = [{}, new Set()];
		const parameters = { ...flagship, options: { confirm: false, skipDoneBefore } };
		await run(rowsOf(3), parameters, failing, { execution, texts });
		const retry = { execution, texts, executionId: '2' };
		assert.ok((await run(rowsOf(3), parameters, answer, retry)).error);
		const { requests, error } = await run(rowsOf(3), { ...flagship, options: { confirm: false } }, done, { ...retry, executionId: '3' });
		assert.deepEqual([requests.length, /This is a retry of an execution/.test(error?.message)], [0, true]);
	}
});

test('an agent that runs again with a retry of an execution repeats none of the changes that it has made', async () => {
	const call = { ...flagship, options: { confirm: false } };
	const execution = {};
	const tool = { execution, type: 'n8n-nodes-3cx.threecxTool' };
	for (const row of [0, 1]) assert.equal((await run([rowsOf(2)[row]], call, done, tool)).requests.length, 1, 'twice in one execution');
	const { requests, error } = await run(rowsOf(1), call, done, { ...tool, executionId: '2' });
	assert.deepEqual([requests.length, /This is a retry of an execution/.test(error?.message)], [0, true]);
	const aside = { ...tool, execution: {} };
	const first = run(rowsOf(1), call, done, aside);
	const second = run([rowsOf(2)[1]], call, async () => (await first, { status: 400, body: '{"error":{"code":"","message":"Wrong"}}' }), aside);
	assert.equal((await second).requests.length, 1, 'refused beside one that was done');
	const again = await run(rowsOf(1), call, done, { ...aside, executionId: '2' });
	assert.deepEqual([again.requests.length, /This is a retry of an execution/.test(again.error?.message)], [0, true]);
	const unsent = {};
	await run([{ group: '', key: '' }], call, done, { ...tool, execution: unsent });
	for (const row of [0, 1]) {
		const retry = { ...tool, execution: unsent, executionId: '2' };
		assert.equal((await run([rowsOf(2)[row]], call, done, retry)).requests.length, 1, 'nothing was sent before');
	}
});

/** What n8n keeps with an execution in which the node has run. */
async function after(rows, parameters, answer) {
	const execution = {};
	await run(rows, parameters, answer, { execution });
	return execution;
}

test('a switch that keeps rows from being sent, and comes to nothing, lets none be sent', async () => {
	const rows = rowsOf(2).map((row) => ({ ...row, nothing: undefined }));
	const options = { confirm: false };
	for (const [more, name] of [
		[{ isDryRun: '=nothing', options }, 'Dry Run'],
		[{ options: { ...options, dryRun: '=nothing' } }, 'Dry Run'],
		[{ options: { ...options, skipDoneBefore: '=nothing' } }, 'Skip Rows Done Before'],
		[{ options: { ...options, stopIfUnread: '=nothing' } }, 'Stop When Groups Cannot Be Read'],
	]) {
		const { requests, items } = await run(rows, { ...flagship, ...more }, done, { continueOnFail: true });
		assert.equal(requests.length, 0, name);
		for (const { json } of items) assert.match(json.error, new RegExp(name));
	}
	const some = rows.map((row, index) => ({ ...row, some: index === 0 ? false : undefined }));
	for (const more of [{ isDryRun: '=some', options }, { options: { ...options, dryRun: '=some' } }]) {
		assert.equal((await run(some, { ...flagship, ...more }, done, { continueOnFail: true })).requests.length, 0, 'in one row');
	}
	assert.equal((await run(rows, { ...flagship, isDryRun: false, options: { ...options, dryRun: false } }, done)).requests.length, 2);
});

test('rows that Execute Once keeps back are told of where something is changed', async () => {
	const once = { executeOnce: true, given: 1 };
	const { requests, hints } = await run(rowsOf(5), { ...flagship, options: { confirm: false } }, done, once);
	assert.equal(requests.length, 1);
	assert.ok(hints.some((hint) => /^Execute Once is on: only the first 1 of 5 rows was processed/.test(hint)), hints.join());
	const none = [
		await run(rowsOf(1), { ...flagship, options: { confirm: false } }, done, once),
		await run([{}, {}], { resource: 'Users', operation: 'Get User', userId: 5 }, () => ({ status: 200, body: '{"Id":5}' }), once),
	];
	assert.deepEqual(none.flatMap((ran) => ran.hints), []);
});

test('a time without an offset is in the zone of this workflow, whichever ran before', async () => {
	const { Settings } = createRequire(require.resolve('n8n-workflow'))('luxon');
	const between = { resource: 'Report Inbound Calls', operation: 'Get Inbound Calls' };
	const { formFields } = require('../../dist/portable/index.js');
	const schema = formFields(between.resource, between.operation, 'arguments').map((field) => ({ ...field, removed: false }));
	const values = { dateTime: '2026-01-31T09:00:00', number: 0, boolean: false };
	const value = Object.fromEntries(schema.map(({ id, type, options }) => [id, values[type] ?? options?.[0].value ?? 'x']));
	const before = Settings.defaultZone;
	try {
		for (const zone of ['America/New_York', 'Asia/Tokyo']) {
			Settings.defaultZone = zone;
			const { requests } = await run([{}], { ...between, arguments: { mappingMode: 'defineBelow', value, schema } }, () => ({ status: 200, body: '{"value":[]}' }), { continueOnFail: true });
			assert.match(decodeURIComponent(requests[0].url), /2026-01-31T09:00:00(\.000)?\+01:00/, zone);
		}
	} finally {
		Settings.defaultZone = before;
	}
});

test('an option that was added and left blank is none, although another one varies; one that comes to nothing is refused', async () => {
	const list = (options) => run([{ from: 'Id', nothing: undefined }], { resource: 'Users', operation: 'List User', returnAll: true, options }, () => ({ status: 200, body: '{"value":[]}' }), { continueOnFail: true });
	assert.equal((await list({ search: '', filter: '', select: '=from' })).requests.length, 1);
	for (const [name, label] of [['search', 'Search'], ['filter', 'OData Filter']]) {
		const { items, requests } = await list({ [name]: '=nothing' });
		assert.deepEqual([requests.length, items[0].json.error], [0, `${label} is empty`]);
	}
});

test('what is no date in a form is refused, and never becomes another date', async () => {
	const { formFields } = require('../../dist/portable/index.js');
	const purge = { resource: 'Purge Settings', operation: 'Purge Calls' };
	const schema = formFields(purge.resource, purge.operation, 'fields').map((field) => ({ ...field, removed: false }));
	const fields = { mappingMode: 'defineBelow', schema, value: { 'period.All': false, 'period.Start': '=from', 'period.Stop': '=to' } };
	const none = ['01.02.2026', '1', '45000', 'Sheet 1', '2026-02-30', '2026-13-01', '01/02/2026 09:00', '2026-02-01 09:00 PM', '2026-02-01T24:00', '20260201'];
	const { items, requests } = await run(none.map((from) => ({ from, to: '2027-01-01' })), { ...purge, fields }, done, { continueOnFail: true });
	assert.equal(requests.length, 0);
	for (const [row, { json }] of items.entries()) {
		assert.equal(json.error, `Period: Start: “${none[row]}” is not a date and time such as 2026-01-31T09:00:00Z`);
	}
	const some = [['2026-02-01', '2026-02-01T00:00:00+01:00'], [' 2026-07-01 9:05', '2026-07-01T09:05:00+02:00'], ['2026-02-01t09:05:06.5z', '2026-02-01T09:05:06.500Z'], ['2026-02-01 09:05:00 -0500', '2026-02-01T09:05:00-05:00']];
	const taken = await run(some.map(([from]) => ({ from, to: '2027-01-01' })), { ...purge, fields }, done);
	const sent = taken.requests.map(({ body }) => JSON.parse(body).period.Start.replace('.000', ''));
	assert.deepEqual(sent, some.map(([, at]) => at));
});

const { NodeHelpers } = require('n8n-workflow');
const { description } = new Threecx();

/** A node's parameters as n8n completes them before it runs the node. */
function completed(typeVersion, parameters) {
	const node = { id: 'a', name: '3CX', type: 'n8n-nodes-3cx.threecx', typeVersion, position: [0, 0], parameters };
	return NodeHelpers.getNodeParameters(description.properties, parameters, true, false, node, description);
}

test('rows come from columns in a new node, and from its fields in one that was saved before', async () => {
	const chosen = { resource: 'Groups', operation: 'Replace Group License Key' };
	assert.equal(Math.max(...description.version), description.defaultVersion);
	assert.equal(completed(description.defaultVersion, chosen).rowsFrom, 'columns');
	// As n8n saves it: without what is the default. And as the original node saved it: both are plain texts.
	for (const saved of [{ ...chosen, groupId: '=group', licenseKey: '=key' }, { groupId: '=group', licenseKey: '=key' }]) {
		const parameters = { ...completed(1, saved), authentication: 'accessToken', options: { confirm: false } };
		assert.deepEqual([parameters.rowsFrom, parameters.groupId, parameters.licenseKey], ['fields', '=group', '=key']);
		const { items, requests, error } = await run(rowsOf(3), parameters, done);
		assert.equal(error, undefined);
		assert.deepEqual(requests.map(({ body }) => JSON.parse(body)), rowsOf(3).map(({ group, key }) => ({ groupId: String(group), licenseKey: key })));
		assert.ok(items.every(({ json }) => json.success));
	}
	assert.equal(completed(1, { ...chosen, rowsFrom: 'columns' }).rowsFrom, 'columns');
	for (const name of ['groupColumn', 'licenseKeyColumn']) {
		assert.equal(description.properties.find((property) => property.name === name).requiresDataPath, 'single');
	}
});
