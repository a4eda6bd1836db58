// What the generic operations make of answers that are not as they should be.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execute, instant } from './support.mjs';

const credentials = { baseUrl: 'https://pbx.example.com', accessToken: 't' };
const csv = (body, type = 'text/csv') => ({ status: 200, body, headers: { 'content-type': type } });
const period = { periodFrom: '2026-01-01', periodTo: '2026-02-01' };
const callLog = {
	resource: 'Report Call Log Data',
	operation: 'Get Call Log Data',
	parameters: {
		arguments: { ...period, sourceType: 0, destinationType: 0, callsType: 0, callTimeFilterType: 0, hidePcalls: true },
		returnAll: true,
	},
};
const users = (parameters) => ({ resource: 'Users', operation: 'Export Extensions', parameters });

async function run(answer, options, rows = [{ json: {} }]) {
	const { fetch, requests } = instant(answer);
	return { items: await execute(rows, credentials, { fetch, ...options }), requests };
}

test('a report is paged to its end, whatever the PBX takes for a full page', async () => {
	for (const [cap, total] of [[100, 250], [1000, 1000], [1000, 2300], [100, 300]]) {
		const { items, requests } = await run((url) => {
			const query = new URL(url).searchParams;
			const skip = Number(query.get('$skip') ?? 0);
			const count = Math.max(0, Math.min(cap, Number(query.get('$top')), total - skip));
			return { status: 200, body: JSON.stringify({ value: Array.from({ length: count }, (_, n) => ({ SegmentId: skip + n })) }) };
		}, callLog);
		assert.equal(items.length, total, `pages of ${cap}`);
		assert.equal(new URL(requests[0].url).searchParams.get('$top'), '1000');
	}
});

test('a time without an offset is in UTC where no calls are read, whatever the time zone', async () => {
	const answer = () => ({ status: 200, body: '{"value":[]}' });
	for (const timezone of [undefined, 'Asia/Tokyo']) {
		const [{ url }] = (await run(answer, { ...callLog, timezone })).requests;
		assert.match(decodeURIComponent(url), /periodFrom=2026-01-01T00:00:00Z/);
	}
});

test('what is asked by GET and changes something is sent once, and its lost answer is no word of it', async () => {
	const newKey = { resource: 'Conference Settings', operation: 'Generate Api Key', parameters: { everything: true } };
	const { items, requests } = await run(() => { throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } }); }, newKey);
	assert.deepEqual([items[0].json.details.outcome, requests.length], ['unknown', 1]);
	const repeated = await run(() => ({}), { ...newKey, retryOnFail: true });
	assert.deepEqual([repeated.items[0].json.details.code, repeated.requests.length], ['RETRY_ON_FAIL', 0]);
});

test('the same by a Custom Request is sent once too, only if it is meant, and not where rows would be repeated', async () => {
	const lost = () => { throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } }); };
	const path = '/ConferenceSettings/pbx.generateapikey%28%29?$select=x';
	const custom = (parameters, more) => run(lost, { resource: 'Custom Request', operation: 'Send Request', parameters: { method: 'GET', path, ...parameters }, ...more });
	for (const [parameters, more, outcome, code, sent] of [
		[{ everything: true }, {}, 'unknown', 'CONNECTION_LOST', 1],
		[{ everything: true, returnAll: true }, {}, 'unknown', 'CONNECTION_LOST', 1],
		[{}, {}, 'notSent', 'NOT_MEANT', 0],
		[{ everything: true }, { retryOnFail: true, fixed: ['method', 'path'] }, 'notSent', 'RETRY_ON_FAIL', 0],
		[{ everything: true }, { retryOnFail: true, fixed: ['method'] }, 'notSent', 'RETRY_ON_FAIL', 0],
	]) {
		const { items, requests } = await custom(parameters, more);
		const { details } = items[0].json;
		assert.deepEqual([details.outcome, details.code, requests.length], [outcome, code, sent], JSON.stringify([parameters, more]));
	}
});

test('rows that change the same go one after another, so that the last of them stays', async () => {
	const update = (key, requests) => ({ resource: 'Users', operation: 'Update User', concurrency: 8, parameters: (row) => ({ ...key(row), fields: { mappingMode: 'defineBelow', value: { Mobile: String(row) } } }), ...requests });
	const number = { __rl: true, mode: 'number', value: '101' };
	for (const [name, key, rows, throttled = 2] of [
		['one user', () => ({ userId: 5 }), 4],
		['by number', () => ({ userId: number }), 4],
		['by ID and by number', (row) => ({ userId: row % 2 === 0 ? 5 : number }), 2, 0],
		['by number and by ID', (row) => ({ userId: row % 2 === 0 ? number : 5 }), 2, 0],
		['two users', (row) => ({ userId: 7 + (row % 2) }), 6],
	]) {
		const stays = {};
		let refused = 0;
		const { items } = await run(async (url, { method, body }) => {
			if (method === 'GET') return { status: 200, body: '{"value":[{"Id":5}]}' };
			await new Promise((resolve) => setTimeout(resolve, 5));
			const { Mobile } = JSON.parse(body);
			if (refused++ === throttled) return { status: 429, headers: { 'retry-after': '0' } };
			stays[url] = Mobile;
			return {};
		}, update(key), Array.from({ length: rows }, () => ({ json: {} })));
		assert.ok(items.every(({ json }) => !json.error), `${name}: ${JSON.stringify(items[0].json)}`);
		const last = name === 'two users' ? [String(rows - 2), String(rows - 1)] : [String(rows - 1)];
		assert.deepEqual(Object.values(stays), last, name);
	}
});

test('rows that wait for one that changes the same are told once where the run stops', async () => {
	const rows = Array.from({ length: 300 }, () => ({ json: {} }));
	const parameters = { userId: 5, fields: { mappingMode: 'defineBelow', value: { Mobile: '1' } } };
	const { items, requests } = await run(() => ({ status: 400, body: '{"error":{"message":"no"}}' }), { resource: 'Users', operation: 'Update User', parameters, stopOnError: true }, rows);
	assert.deepEqual(items.map(({ json }) => json.details.outcome), ['refused', ...Array(299).fill('skipped')]);
	assert.deepEqual([items.map(({ json }) => json.details.row), requests.length], [rows.map((_, row) => row + 1), 1]);
});

test('rows that change different things do not wait for each other', async () => {
	let [open, most] = [0, 0];
	const answer = async () => {
		most = Math.max(most, ++open);
		await new Promise((resolve) => setTimeout(resolve, 5));
		open -= 1;
		return {};
	};
	// Two rows for each user, one after the other.
	const parameters = (row) => ({ userId: (row >> 1) + 1, fields: { mappingMode: 'defineBelow', value: { Mobile: '1' } } });
	await run(answer, { resource: 'Users', operation: 'Update User', parameters }, Array.from({ length: 100 }, () => ({ json: {} })));
	assert.ok(most >= 8, `${most} at once`);
});

test('a custom action is not sent with gaps, which it may take for everything', async () => {
	const custom = (path, body, more) => ({ resource: 'Custom Request', operation: 'Send Request', parameters: { method: 'POST', path, body, ...more } });
	for (const [path, body] of [
		['/Users/Pbx.BulkUpdate', { ids: [], user: { Enabled: false } }],
		['/Contacts/Pbx.DeleteContactsByType', { contactSource: 'CRM', number: null }],
		['/Contacts/Pbx.DeleteContactsByType?x=1', { contactSource: 'CRM', number: ' ' }],
	]) {
		const { items, requests } = await run(() => ({}), custom(path, body));
		assert.deepEqual([items[0].json.details.outcome, requests.length], ['notSent', 0], path);
		assert.match(items[0].json.error, /(ids|number) in JSON Body/);
		assert.equal((await run(() => ({}), custom(path, body, { everything: true }))).requests.length, 1);
	}
	assert.equal((await run(() => ({ status: 201, body: '{"Id":1}' }), custom('/Users', { FirstName: 'A', Mobile: null }))).requests.length, 1, 'a record');
});

test('that there is nothing to read is no success', async () => {
	const get = { resource: 'Users', operation: 'Get User', parameters: { userId: 5 } };
	for (const answer of [{ status: 204 }, { status: 200, body: '' }]) {
		const { items } = await run(() => answer, get);
		assert.deepEqual(items.map(({ json }) => json), [{ value: null }], JSON.stringify(answer));
	}
	const { items } = await run(() => ({ status: 200, body: 'null' }), get);
	assert.equal(items[0].json.details.code, 'UNREADABLE_ANSWER', 'no word of 3CX for nothing');
	for (const [method, expected] of [['GET', { value: null }], ['PATCH', { success: true }], ['DELETE', { success: true }]]) {
		const custom = { resource: 'Custom Request', operation: 'Send Request', parameters: { method, path: '/Users(5)', body: { Mobile: '1' } } };
		assert.deepEqual((await run(() => ({ status: 204 }), custom)).items[0].json, expected, method);
	}
});

test('a run that stops at a failed row names those in doubt and those that were done', async () => {
	const hints = [];
	let created = 0;
	const answer = async (_, { body }) => {
		const { FirstName } = JSON.parse(body);
		// The first goes alone; then more and more at once.
		if (created++ < 6) return { status: 201, body: '{"Id":1}' };
		await new Promise((resolve) => setTimeout(resolve, FirstName === '6' ? 5 : 30));
		if (FirstName === '6') return { status: 400, body: '{"error":{"message":"no"}}' };
		throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } });
	};
	const parameters = (row) => ({ fields: { mappingMode: 'defineBelow', value: { FirstName: String(row), Number: String(100 + row) } } });
	const { items } = await run(answer, { resource: 'Users', operation: 'Create User', parameters, stopOnError: true, onHint: (hint) => hints.push(hint) }, Array.from({ length: 40 }, () => ({ json: {} })));
	const unknown = items.filter(({ json }) => json.details?.outcome === 'unknown').map(({ json }) => json.details.row);
	assert.ok(unknown.length > 0, 'rows were under way');
	const told = hints.find((hint) => hint.includes('is not known'));
	assert.ok(told && told.includes(String(unknown[0])) && told.includes(String(unknown.at(-1))), hints.join('\n'));
	assert.ok(hints.includes('Done before the stop: rows 1-6.'), hints.join('\n'));
});

test('a list whose first page comes again fails with what came, even if its records change meanwhile', async () => {
	let asked = 0;
	const answer = () => ({ status: 200, body: JSON.stringify({ value: Array.from({ length: 100 }, (_, Id) => ({ Id, At: Id && asked++ })) }) });
	const { items, requests } = await run(answer, { resource: 'Users', operation: 'List User', parameters: { returnAll: true } });
	assert.deepEqual([items[0].json.details.records.length, requests.length], [100, 2]);
});

test('a list that gives pages that came before fails with what came', async () => {
	const pages = [0, 100].map((first) => JSON.stringify({ value: Array.from({ length: 100 }, (_, n) => ({ Id: first + n })) }));
	for (const different of [1, 2]) {
		let asked = 0;
		const answer = () => ({ status: 200, body: pages[asked++ % different] });
		const { items, requests } = await run(answer, { resource: 'Users', operation: 'List User', parameters: { returnAll: true } });
		assert.deepEqual([items[0].json.details.records.length, requests.length], [100 * different, different + 1]);
	}
});

test('records that are alike in what was asked for do not end a list: its key is asked for as well, and dropped again', async () => {
	const answer = (url) => {
		const query = new URL(url).searchParams;
		assert.equal(query.get('$select'), 'Language,Id');
		const [skip, top] = [Number(query.get('$skip') ?? 0), Number(query.get('$top'))];
		const value = Array.from({ length: Math.max(0, Math.min(top, 250 - skip)) }, (_, n) => ({ Language: 'EN', Id: skip + n }));
		return { status: 200, body: JSON.stringify({ value }) };
	};
	for (const simplify of [true, false]) {
		const parameters = { returnAll: true, select: ['Language'], simplify };
		const { items, requests } = await run(answer, { resource: 'Users', operation: 'List User', parameters });
		assert.deepEqual([items.length, requests.length], [250, 4]);
		assert.ok(items.every(({ json }) => JSON.stringify(json) === '{"Language":"EN"}'));
		const counted = await run(answer, { resource: 'Users', operation: 'List User', parameters: { ...parameters, count: true } });
		assert.deepEqual(counted.items.map(({ json }) => json), [{ count: 250 }]);
	}
});

test('a list goes on after a short page that names a next one', async () => {
	const answer = (url) => {
		const skip = Number(new URL(url).searchParams.get('$skip') ?? 0);
		const value = Array.from({ length: Math.min(40, 90 - skip) }, (_, n) => ({ Id: skip + n }));
		const next = skip + 40 < 90 ? { '@odata.nextLink': 'https://pbx.example.com/xapi/v1/Users?$skiptoken=x' } : {};
		return { status: 200, body: JSON.stringify({ ...next, value }) };
	};
	const { items, requests } = await run(answer, { resource: 'Users', operation: 'List User', parameters: { returnAll: true } });
	assert.deepEqual(items.map(({ json }) => json.Id), Array.from({ length: 90 }, (_, Id) => Id));
	assert.ok(requests.every(({ url }) => url.startsWith(credentials.baseUrl)));
});

test('If-Match goes along, and what it guards is not sent twice', async () => {
	const done = () => ({ status: 204 });
	const user = { userId: 5, ifMatch: 'W/"7"' };
	for (const options of [
		{ resource: 'Users', operation: 'Update User', parameters: { ...user, fields: { FirstName: 'Ann' } } },
		{ resource: 'Users', operation: 'Delete User', parameters: user },
	]) {
		const { requests } = await run(done, options);
		assert.deepEqual(requests.map(({ headers }) => headers['If-Match']), ['W/"7"'], options.operation);
		const lost = await run(() => ({ status: 502 }), options);
		assert.deepEqual([lost.requests.length, lost.items[0].json.details.outcome], [1, 'unknown'], options.operation);
	}
	const { requests } = await run(done, { resource: 'Users', operation: 'Delete User', parameters: { userId: 5 } });
	assert.ok(!('If-Match' in requests[0].headers));
});

test('fields of objects are reached by a dot; JSON goes as it is; empty values are left out, refused or cleared', async () => {
	const update = async (parameters) => {
		const answer = () => ({ status: 204 });
		const { requests } = await run(answer, { resource: 'Groups', operation: 'Update Group', parameters: { groupId: 28, ...parameters } });
		return requests.map(({ body }) => JSON.parse(body));
	};
	const refused = async (resource, operation, parameters) => {
		const { items, requests } = await run(() => ({ status: 204 }), { resource, operation, parameters });
		assert.equal(requests.length, 0);
		return items[0].json;
	};
	const fields = { Name: 'Sales', 'Props.SystemNumberFrom': '100', 'Props.ResellerId': '', Language: '', Members: '' };
	assert.deepEqual(await update({ fields }), [{ Name: 'Sales', Props: { SystemNumberFrom: '100' } }]);
	assert.deepEqual(await update({ fields, emptyValues: 'clear' }), [
		{ Name: 'Sales', Language: null, Members: [], Props: { SystemNumberFrom: '100', ResellerId: null } },
	]);
	const body = { Name: null, Members: [], Props: { Fqdn: 'x' }, Id: 1 };
	assert.deepEqual(await update({ bodyFrom: 'json', body: JSON.stringify(body), emptyValues: 'clear' }), [body]);
	const kept = { Name: 'Sales', Members: [{ Number: '100', Rights: null }], Props: { Fqdn: 'x' } };
	assert.deepEqual(await update({ bodyFrom: 'json', body: kept }), [kept]);
	const { error, message, details } = await refused('Groups', 'Update Group', { groupId: 28, bodyFrom: 'json', body: { Name: 'Sales', Members: [], Props: { Fqdn: 'x' } } });
	assert.deepEqual([error, details.outcome], ['Members is empty, which would clear it', 'notSent']);
	assert.equal(message, 'Nothing was sent. Remove it to leave it unchanged, or set Empty Values to Clear to clear it.');
	const many = await refused('Users', 'Bulk Update', { bodyFrom: 'json', body: { ids: [5, 6], user: { Enabled: true, Groups: [], Mobile: null } } });
	assert.equal(many.error, 'User: Groups is empty, which would clear it');
	for (const fields of [{ ids: [5, 6], user: { Enabled: true, Groups: [], Mobile: null } }, { mappingMode: 'autoMapInputData', value: null }]) {
		const items = [{ json: { ids: [5, 6], user: { Enabled: true, Groups: [], Mobile: null } } }];
		const mapped = await run(() => ({ status: 204 }), { resource: 'Users', operation: 'Bulk Update', parameters: { fields } }, items);
		assert.deepEqual(mapped.requests.map(({ body }) => JSON.parse(body)), [{ ids: [5, 6], user: { Enabled: true } }]);
	}
	const own = await refused('Custom Request', 'Send Request', { method: 'PATCH', path: '/Users(5)', body: { Enabled: true, Mobile: null } });
	assert.equal(own.error, 'Mobile is empty, which would clear it');
});

test('pages have a stable order unless another is asked for', async () => {
	const ask = async (parameters) => {
		const { requests } = await run(() => ({ status: 200, body: '{"value":[]}' }), { resource: 'Users', operation: 'List User', parameters });
		const query = new URL(requests[0].url).searchParams;
		return [query.get('$top'), query.get('$orderby')];
	};
	assert.deepEqual(await ask({ returnAll: true }), ['100', 'Id']);
	assert.deepEqual(await ask({ limit: 7, sort: { by: [{ field: 'Number', direction: 'desc' }] } }), ['7', 'Number desc,Id']);
	assert.deepEqual(await ask({ orderby: 'LastName' }), ['50', 'LastName,Id']);
	assert.deepEqual(await ask({ orderby: 'LastName, Id desc' }), ['50', 'LastName, Id desc']);
});

test('a count is 3CX’s own where it can be one, else it is counted', async () => {
	const list = { resource: 'Users', operation: 'List User', parameters: { count: true } };
	for (const [told, pages] of [[() => 250, 1], [() => undefined, 4], [({ length }) => length, 4]]) {
		const { items, requests } = await run((url) => {
			const query = new URL(url).searchParams;
			const skip = Number(query.get('$skip') ?? 0);
			const value = Array.from({ length: Math.max(0, Math.min(Number(query.get('$top')), 250 - skip)) }, (_, n) => ({ Id: skip + n }));
			return { status: 200, body: JSON.stringify({ '@odata.count': told(value), value }) };
		}, list);
		assert.deepEqual(items.map(({ json }) => json), [{ count: 250 }]);
		assert.equal(requests.length, pages);
	}
	const same = JSON.stringify({ value: Array.from({ length: 100 }, (_, Id) => ({ Id })) });
	const { items } = await run(() => ({ status: 200, body: same }), list);
	assert.equal(items[0].json.details.code, 'PAGE_REPEATED');
});

test('results that name what went well as well fail for what did not', async () => {
	const remove = { resource: 'AI Settings', operation: 'Batch Delete Files', parameters: { fields: { model: { FileIds: ['a', 'b'], VectorId: 'v' } } } };
	const result = (FileName, Status, Error) => ({ FileName, Status, Error });
	const answer = (...value) => () => ({ status: 200, body: JSON.stringify({ value }) });
	const fine = await run(answer(result('a.txt', 'deleted', null), result('b.txt', 'deleted')), remove);
	assert.deepEqual(fine.items.map(({ json }) => json.FileName), ['a.txt', 'b.txt']);
	const partly = await run(answer(result('a.txt', 'deleted', null), result('b.txt', 'failed', 'is in use')), remove);
	assert.equal(partly.items[0].json.error, '3CX did not do it for 1 of those named (b.txt: is in use)');
	assert.equal(partly.items[0].json.details.failures.length, 1);
	assert.deepEqual((await run(answer(), remove)).items[0].json, { success: true });
});

test('pages of a custom request are its own', async () => {
	const custom = (parameters) => ({ resource: 'Custom Request', operation: 'Send Request', parameters: { returnAll: true, ...parameters } });
	const page = (url) => {
		const skip = Number(new URL(url).searchParams.get('$skip') ?? 0);
		return { status: 200, body: JSON.stringify({ value: Array.from({ length: Math.min(100, 130 - skip) }, (_, n) => ({ Id: skip + n })) }) };
	};
	const query = { parameter: [{ name: '$orderby', value: 'Id' }] };
	const { items, requests } = await run(page, custom({ path: '/Users?$select=Id', query }));
	assert.equal(new Set(items.map(({ json }) => json.Id)).size, 130);
	const [, second] = requests.map(({ url }) => new URL(url).searchParams.toString());
	assert.equal(second, '%24select=Id&%24orderby=Id&%24top=100&%24skip=100');
	for (const path of ['/Users?$top=5', '/Users?x=1&%24SKIP=5']) {
		const refused = await run(page, custom({ path }));
		assert.deepEqual([refused.items[0].json.details.code, refused.requests.length], ['NOT_FITTING', 0]);
	}
});

test('a CSV file is read with commas, with semicolons, with quotes, and JSON in its place', async () => {
	for (const body of ['Number,Name\r\n101,"Bell, Bea"\r\n', 'Number;Name\n101;Bell, Bea\n', '{"value":[{"Number":"101","Name":"Bell, Bea"}]}']) {
		const { items } = await run(() => csv(body), users({ output: 'items' }));
		assert.deepEqual(items.map(({ json }) => json), [{ Number: '101', Name: 'Bell, Bea' }]);
	}
	const { items } = await run(() => csv('Number,AuthPassword\n101,CANARY\n'), users({ output: 'items' }));
	assert.deepEqual(items[0].json, { Number: '101', AuthPassword: '********' });
});

test('a file comes with its bytes and its name; a log-in page or a refusal in its place is no file', async () => {
	const bytes = Uint8Array.from([0, 255, 10]);
	const headers = { 'content-type': 'audio/x-wav', 'content-disposition': 'attachment; filename="../a.wav"' };
	const fetch = async () => ({ status: 200, headers: { get: (name) => headers[name] ?? null }, arrayBuffer: async () => bytes.buffer });
	const download = { resource: 'Recordings', operation: 'Download Recording', parameters: { arguments: { recId: 3 } } };
	const [item] = await execute([{ json: {} }], credentials, { fetch, ...download });
	assert.deepEqual(item.json, { fileName: 'a.wav', mimeType: 'audio/x-wav', size: 3 });
	assert.deepEqual(item.binary.data, { data: 'AP8K', fileName: 'a.wav', mimeType: 'audio/x-wav' });
	assert.deepEqual(item.pairedItem, { item: 0 });
	for (const [answer, error] of [
		[csv('<!DOCTYPE html>', 'text/html'), /web page/],
		[csv('<!-- nginx -->\n<html>', ' Text/HTML; charset=utf-8'), /web page/],
		[csv('File not found', 'text/html'), /^3CX has no file for this \(200\): File not found$/],
		[csv('File not\nfound\nX-Token: CANARY', 'text/html'), /^3CX has no file for this \(200\): File not found X-Token: \*+$/],
		[csv('{"error":{"message":"Session expired"},"Id":1}', 'application/json'), /no file.*Session expired/],
		[csv('{"error":{"message":"Session expired"}}', 'application/json; odata.metadata=minimal'), /refused.*Session expired/],
		[{ status: 400, body: '{"error":{"code":"","message":"WARNINGS.XAPI.FILE_NOT_FOUND"}}' }, /400/],
		[{ status: 403 }, /no rights/],
	]) {
		const { items } = await run(() => answer, download);
		assert.match(items[0].json.error, error);
		assert.equal(items[0].binary, undefined);
	}
});

test('a file that is still being read when the run ends is not sent', async () => {
	const upload = { resource: 'Custom Prompts', operation: 'Upload Custom Prompt', parameters: { inputField: 'data' } };
	const binary = { data: { data: 'AAAA', fileName: 'x.wav', mimeType: 'audio/wav' } };
	const stop = new AbortController();
	let read;
	const reading = new Promise((resolve) => (read = resolve));
	const { fetch, requests } = instant(() => ({ status: 200, body: '{"value":"Custom/x.wav"}' }));
	const readFile = async () => {
		stop.abort();
		await reading;
		return Buffer.from('RIFF');
	};
	const [{ json }] = await execute([{ json: {}, binary }], credentials, { fetch, signal: stop.signal, readFile, ...upload });
	assert.equal(json.details.outcome, 'notSent', JSON.stringify(json));
	read();
	await new Promise((resolve) => setTimeout(resolve, 50));
	assert.deepEqual(requests, []);
});

test('files that cannot be read, or not in time, are not sent and keep no other row from its turn', async () => {
	const upload = { resource: 'Custom Prompts', operation: 'Upload Custom Prompt', parameters: { inputField: 'data' }, timeout: 200 };
	const binary = { data: { data: 'AAAA', fileName: 'x.wav', mimeType: 'audio/wav' } };
	const readFile = async (row) => {
		if (row === 9) return Buffer.from('RIFF');
		if (row === 8) await new Promise(() => {});
		throw Object.assign(new Error('gone'), { code: 'ENOENT', syscall: 'open' });
	};
	const rows = Array.from({ length: 10 }, () => ({ json: {}, binary }));
	const { items, requests } = await run(() => ({ status: 200, body: '{"value":"Custom/x.wav"}' }), { ...upload, readFile }, rows);
	assert.deepEqual(items.slice(0, 9).map(({ json }) => [json.details.outcome, json.details.code]), Array(9).fill(['notSent', 'FILE_NOT_READ']));
	assert.deepEqual([items[9].json, requests.length], [{ value: 'Custom/x.wav' }, 1]);
});

test('a filter that came to nothing is no list of everything', async () => {
	const list = { resource: 'Users', operation: 'List User' };
	for (const parameters of [
		{ filters: { condition: [{ field: undefined, operator: 'eq', value: '101' }] } },
		{ filters: { condition: [{ field: 'Number', operator: 'eq', value: '101' }, { field: ' ', operator: 'notEmpty' }] } },
		{ filters: { field: 'Number', operator: 'eq', value: '101' } },
		{ filters: "Number eq '101'" },
		{ filter: ["Number eq '101'"] },
		{ filter: true },
		{ search: { text: 'Ann' } },
		{ orderby: ['Number'] },
	]) {
		const { items, requests } = await run(() => ({ status: 200, body: '{"value":[]}' }), { ...list, parameters });
		assert.deepEqual([requests.length, items[0]?.json.details?.outcome], [0, 'notSent'], JSON.stringify(parameters));
	}
	for (const parameters of [{ filters: {} }, { filters: { condition: [{ field: '', operator: 'eq', value: '' }] } }, { filter: '' }]) {
		const { requests } = await run(() => ({ status: 200, body: '{"value":[]}' }), { ...list, parameters });
		assert.equal(requests.length, 1, JSON.stringify(parameters));
	}
});

test('a name is taken as it is: another one may differ in a dash only', async () => {
	const named = async (fileName) => {
		const remove = { resource: 'Custom Prompts', operation: 'Delete Custom Prompt' };
		const answers = () => ({ status: 204 });
		const names = [{ __rl: true, mode: 'list', value: fileName }, { __rl: true, mode: 'id', value: ` ${fileName}\u00a0` }];
		const sent = await Promise.all(names.map((customPromptId) => run(answers, { ...remove, parameters: { customPromptId } })));
		return sent.map(({ requests, items }) => requests[0] ? decodeURIComponent(requests[0].url.split('/').at(-1)) : items[0].json.error);
	};
	const name = 'Holiday \u2013 2026.wav';
	assert.deepEqual(await named(name), [`CustomPrompts('${name}')`, `CustomPrompts('${name}')`]);
});

test('reports whose pages begin alike are whole, or fail', async () => {
	const pages = (first, second) => (url) => ({ status: 200, body: JSON.stringify({ value: url.includes('$skip') ? (url.includes('$skip=1000') ? second : []) : first }) });
	const queue = (count) => Array.from({ length: count }, () => ({ QueueDn: '801' }));
	const whole = await run(pages(queue(1000), queue(312)), callLog);
	assert.equal(whole.items.length, 1312);
	const odd = [{ QueueDn: '800' }, ...queue(999)];
	const doubtful = await run(pages(odd, [{ QueueDn: '800' }, ...queue(311)]), callLog);
	assert.equal(doubtful.items[0].json.details.code, 'PAGE_REPEATED', 'it may be the same page once more, changed meanwhile');
});

test('a form’s file is sent as it is, under a safe name', async () => {
	const data = Buffer.from([82, 73, 70, 70, 0, 255]);
	const binary = { data: { data: data.toString('base64'), fileName: 'x"\r\n\r\n.wav', mimeType: 'audio/wav' } };
	const upload = { resource: 'Custom Prompts', operation: 'Upload Custom Prompt', parameters: { inputField: 'data' } };
	const { items, requests } = await run(() => ({ status: 200, body: '{"value":"Custom/x.wav"}' }), upload, [{ json: {}, binary }, { json: {} }]);
	assert.deepEqual(items[0].json, { value: 'Custom/x.wav' });
	assert.match(items[1].json.error, /no file in its field data/);
	assert.equal(requests.length, 1);
	const body = Buffer.from(requests[0].body);
	assert.ok(body.includes(data) && body.includes('filename="x%22.wav"'), body.toString());
	const [, boundary] = /boundary=(.+)$/.exec(requests[0].headers['Content-Type']);
	assert.ok(body.toString('latin1').endsWith(`\r\n--${boundary}--\r\n`));
});

test('what was perhaps carried out is not sent again; what was read is', async () => {
	const broken = async () => {
		throw Object.assign(new Error('gone'), { code: 'ECONNRESET' });
	};
	for (const [options, tries, outcome] of [
		[{ resource: 'Users', operation: 'Create User', parameters: { fields: { FirstName: 'Ann' } } }, 1, 'unknown'],
		[{ resource: 'System Status', operation: 'Get Request Help Link', parameters: { arguments: { grantPeriodDays: 3 } } }, 1, 'unknown'],
		[{ resource: 'Users', operation: 'Delete User', parameters: { userId: 5 } }, 1, 'unknown'],
		[{ resource: 'Custom Request', operation: 'Send Request', parameters: { method: 'POST', path: '/Users', body: { FirstName: 'Ann' } } }, 1, 'unknown'],
	]) {
		const { items, requests } = await run(broken, options);
		assert.equal(requests.length, tries, options.operation);
		assert.equal(items[0].json.details.outcome, outcome);
		assert.match(items[0].json.message, /^Look in 3CX whether it was done/);
	}
	let calls = 0;
	const once = async () => (++calls === 1 ? broken() : { status: 204 });
	const update = { resource: 'Users', operation: 'Update User', parameters: { userId: 5, fields: { FirstName: 'Ann' } } };
	const { items } = await run(once, update);
	assert.deepEqual([calls, items[0].json], [2, { success: true }]);
});

test('a success that cannot be one is not taken for one', async () => {
	const create = { resource: 'Users', operation: 'Create User', parameters: { fields: { FirstName: 'Ann' } } };
	for (const body of ['', '{"Id":', 'OK']) {
		const { items } = await run(() => ({ status: 200, body }), create);
		assert.equal(items[0].json.details.outcome, 'unknown', body);
	}
	const drop = { resource: 'Active Calls', operation: 'Drop Call', parameters: { activeCallId: 5 } };
	const { items } = await run(() => ({ status: 200, body: '' }), drop);
	assert.deepEqual(items[0].json, { success: true }, 'of this action an empty success is known');
});

test('nothing is made of a row without a value, and a limit is taken at its word', async () => {
	const create = (fields) => ({ resource: 'Users', operation: 'Create User', parameters: { fields } });
	const rows = [{ json: { Unheard: 1 } }, { json: { FirstName: '' } }, { json: { FirstName: 'Ann', Unheard: 1 } }];
	const automatic = await run(() => ({ status: 201, body: '{"Id":1}' }), create({ mappingMode: 'autoMapInputData', value: null }), rows);
	assert.deepEqual(automatic.requests.map(({ body }) => body), ['{"FirstName":"Ann"}']);
	assert.deepEqual(automatic.items.map(({ json }) => json.details?.code), ['NOTHING_TO_SEND', 'NOTHING_TO_SEND', undefined]);
	const blank = await run(() => ({ status: 201, body: '{"Id":1}' }), create({ FirstName: '', LastName: null }));
	assert.equal(blank.items[0].json.details.code, 'NOTHING_TO_SEND');
	const empty = await run(() => ({ status: 201, body: '{"Id":1}' }), create({}));
	assert.equal(empty.items[0].json.details.code, 'NOTHING_TO_SEND');
	const list = (limit) => run(() => ({ status: 200, body: '{"value":[]}' }), { resource: 'Users', operation: 'List User', parameters: { limit } });
	for (const limit of [3, '3']) assert.match((await list(limit)).requests[0].url, /\$top=3&/);
	for (const limit of [0, 'all', 1.5]) assert.equal((await list(limit)).items[0].json.details.code, 'NOT_FITTING', `${limit}`);
});

test('an export is asked for with the columns that 3CX gives it', async () => {
	const { requests } = await run(() => csv('a\n1\n'), users({}));
	assert.equal(new URL(requests[0].url).search, '');
});

test('forty columns cost little more than two: names are compared once, and what is no field is skipped', async () => {
	const fetch = async () => ({ status: 204, headers: { get: () => null }, text: async () => '' });
	const rows = (columns) =>
		Array.from({ length: 1000 }, (_, row) => {
			const others = Array.from({ length: columns - 2 }, (_, column) => [`Other ${column}`, `value ${column}`]);
			return { json: Object.fromEntries([['First Name', 'Ann'], ['Mobile', `0${row}`], ...others]) };
		});
	const update = { resource: 'Users', operation: 'Update User', fetch, concurrency: 32 };
	const parameters = { userId: '5', fields: { mappingMode: 'autoMapInputData', value: null } };
	const least = new Map();
	const measure = async (columns) => {
		const input = rows(columns);
		const before = process.cpuUsage();
		const items = await execute(input, credentials, { ...update, parameters });
		const { user, system } = process.cpuUsage(before);
		assert.ok(items.every(({ json }) => json.success));
		least.set(columns, Math.min(least.get(columns) ?? Infinity, user + system));
	};
	const ratio = () => least.get(40) / least.get(2);
	// The best of some rounds: what else the machine does is nobody's. 1.5 is the aim, reached on a quiet machine (1.25);
	// where it is missed there are more rounds, and a busy machine may end a little above it.
	for (let round = 0; round < 4 || (round < 20 && ratio() > 1.5); round++) {
		await measure(2);
		await measure(40);
	}
	assert.ok(ratio() <= 2, `${ratio()} times as much`);
});

test('columns are found with the prefix that the form shows, and those of no parameter are told', async () => {
	const automatic = { mappingMode: 'autoMapInputData', value: null };
	const edit = { resource: 'License Status', operation: 'Edit License Info', parameters: { fields: automatic } };
	const { requests } = await run(() => ({ status: 204 }), edit, [{ json: { 'License Parameters: Phone': '1', 'licenseParams.Email': 'a@b.c' } }]);
	assert.deepEqual(JSON.parse(requests[0].body), { licenseParams: { Phone: '1', Email: 'a@b.c' } });
	const hints = [];
	const report = { ...callLog, parameters: { arguments: automatic }, onHint: (text) => hints.push(text) };
	const columns = { 'Period From': '2026-01-01', period_to: '2026-02-01', sourceType: 0, destinationType: 0, callsType: 0, callTimeFilterType: 0, 'Hide Parking and Pick-Up Rows': true, Stray: 1 };
	const { requests: [asked] } = await run(() => ({ status: 200, body: '{"value":[]}' }), report, [{ json: columns }]);
	assert.match(asked.url, /hidePcalls=true/);
	assert.deepEqual(hints.filter((hint) => hint.includes('Stray')), ['Columns that match no field were left out: Stray.']);
});

test('pages come side by side once their number is known, in order and each record once', async () => {
	let [open, most] = [0, 0];
	const answer = async (url) => {
		most = Math.max(most, ++open);
		const query = new URL(url).searchParams;
		const skip = Number(query.get('$skip') ?? 0);
		// Later pages are answered first, and a record is put before the first one meanwhile.
		for (let turn = 0; turn < 20 - skip / 100; turn++) await new Promise((resolve) => { setImmediate(resolve); });
		open--;
		const first = skip > 0 ? skip - 1 : 0;
		const value = Array.from({ length: Math.max(0, Math.min(Number(query.get('$top')), 950 - first)) }, (_, n) => ({ Id: first + n }));
		return { status: 200, body: JSON.stringify({ '@odata.count': 950, value }) };
	};
	const fetch = async (url) => {
		const { status, body } = await answer(url);
		return new Response(body, { status });
	};
	const list = { resource: 'Users', operation: 'List User', parameters: { returnAll: true } };
	const items = await execute([{ json: {} }], credentials, { fetch, ...list });
	assert.deepEqual(items.map(({ json }) => json.Id).sort((one, other) => one - other), Array.from({ length: 950 }, (_, Id) => Id));
	assert.ok(most >= 3, `${most} at once`);
});

test('a list that the PBX cuts short is told as such, with what came', async () => {
	const answer = (url) => {
		const query = new URL(url).searchParams;
		const skip = Number(query.get('$skip') ?? 0);
		const value = Array.from({ length: Math.max(0, Math.min(100, 180 - skip)) }, (_, n) => ({ Id: skip + n }));
		return { status: 200, body: JSON.stringify({ '@odata.count': 250, value }) };
	};
	const { items } = await run(answer, { resource: 'Users', operation: 'List User', parameters: { returnAll: true } });
	assert.deepEqual([items.length, items[0].json.details.code, items[0].json.details.records.length], [1, 'LIST_CUT', 180]);
});

test('what a time limit leaves of a list is kept, and said', async () => {
	const fetch = async (url) => {
		const skip = Number(new URL(url).searchParams.get('$skip') ?? 0);
		if (skip >= 200) return new Promise(() => {});
		return new Response(JSON.stringify({ value: Array.from({ length: 100 }, (_, n) => ({ Id: skip + n })) }), { status: 200 });
	};
	const list = { resource: 'Users', operation: 'List User', parameters: { returnAll: true } };
	const [{ json }] = await execute([{ json: {} }], credentials, { fetch, ...list, deadline: 2000 });
	assert.match(json.error, /^Not read to its end: the time for the run was over; 200 records came before/);
	assert.equal(json.details.records.length, 200);
});

test('a record keeps its @odata.etag for If-Match; it is neither sent back in a body nor told as a column left out', async () => {
	const record = { '@odata.context': 'x', '@odata.etag': 'W/"7"', Id: 5, FirstName: 'Ann', Number: '100' };
	const user = { resource: 'Users', operation: 'Get User', parameters: { userId: 5 } };
	const [{ json }] = (await run(() => ({ status: 200, body: JSON.stringify(record) }), user)).items;
	assert.deepEqual([json['@odata.etag'], json['@odata.context']], ['W/"7"', undefined]);

	const hints = [];
	const done = () => ({ status: 204 });
	for (const parameters of [{ bodyFrom: 'json', body: JSON.stringify({ ...json, FirstName: 'Eve' }) }, { fields: { mappingMode: 'autoMapInputData', value: null } }]) {
		const update = { resource: 'Users', operation: 'Update User', parameters: { userId: 5, ifMatch: json['@odata.etag'], ...parameters } };
		const { requests } = await run(done, { ...update, onHint: (hint) => hints.push(hint) }, [{ json: { ...json, FirstName: 'Eve' } }]);
		assert.equal(requests.length, 1);
		assert.equal(requests[0].headers['If-Match'], 'W/"7"');
		const { FirstName, '@odata.etag': etag } = JSON.parse(requests[0].body);
		assert.deepEqual([FirstName, etag], ['Eve', undefined]);
	}
	assert.ok(!hints.join().includes('etag'), hints.join());
});

/** A PBX that has so many records, in pages of at most `most`; `told` says what comes with the records of each page. */
const paged = (total, record, { most = 100, told = () => ({}) } = {}) => (url) => {
	const query = new URL(url).searchParams;
	const skip = Number(query.get('$skip') ?? 0);
	const length = Math.max(0, Math.min(most, Number(query.get('$top')), total - skip));
	const value = Array.from({ length }, (_, n) => record(skip + n, query));
	return { status: 200, body: JSON.stringify({ ...told(skip + length, length), value }) };
};
const everything = (resource, operation, parameters) => ({ resource, operation, parameters: { returnAll: true, ...parameters } });

test('a count that is too low, or only the length of a page, does not cut a list', async () => {
	const next = (behind) => (behind < 250 ? { '@odata.nextLink': 'https://pbx.example.com/xapi/v1/Users?$skip=x' } : {});
	for (const [options, asked] of [
		[{ told: () => ({ '@odata.count': 120 }) }, 4],
		[{ told: (behind) => ({ '@odata.count': 200, ...next(behind) }) }, 4],
		[{ most: 20, told: (behind, length) => ({ '@odata.count': length, ...next(behind) }) }, 14],
		[{ told: (behind) => ({ '@odata.count': 250, ...next(behind) }) }, 3],
	]) {
		const { items, requests } = await run(paged(250, (Id) => ({ Id }), options), everything('Users', 'List User'));
		assert.deepEqual(items.map(({ json }) => json.Id), Array.from({ length: 250 }, (_, Id) => Id));
		assert.equal(requests.length, asked);
	}
});

test('records of sets that give no single entity are all read where they are alike in what was asked for', async () => {
	for (const [resource, operation, telling, field] of [
		['Did Numbers', 'List Did Number', 'Number', 'TrunkId'],
		['Services', 'List Service Info', 'Name', 'Status'],
		['Call History View', 'List Call History View', 'SegmentId', 'DstDn'],
	]) {
		const record = (n, query) => Object.fromEntries(query.get('$select').split(',').map((name) => [name, name === telling ? `${n}` : 5]));
		const { items, requests } = await run(paged(250, record), everything(resource, operation, { select: [field] }));
		assert.deepEqual([items.length, JSON.stringify(items[0].json)], [250, `{"${field}":5}`], operation);
		const counted = requests.some(({ url }) => new URL(url).searchParams.has('$count'));
		assert.equal(counted, operation === 'List Service Info', 'a large history must not be counted');
	}
	const dids = [{ Number: '1', TrunkId: 5 }, { Number: '1', TrunkId: 6 }, { Number: '2', TrunkId: 5 }];
	const { items } = await run(() => ({ status: 200, body: JSON.stringify({ '@odata.count': 3, value: dids }) }), { resource: 'Did Numbers', operation: 'List Did Number', parameters: {} });
	assert.deepEqual(items.map(({ json }) => json.TrunkId), [5, 6, 5], 'one number on two trunks');
});

test('records whose key is null are told apart by what they hold', async () => {
	const list = everything('Groups', 'List Members', { groupId: 28 });
	for (const key of [() => null, (n) => (n % 2 ? n : null)]) {
		const { items } = await run(paged(250, (n) => ({ Id: key(n), Number: `${n}` })), list);
		assert.deepEqual(items.map(({ json }) => json.Number), Array.from({ length: 250 }, (_, n) => `${n}`));
	}
});

test('an asterisk selects all fields, and a path the field that it begins with', async () => {
	const record = { Id: 28, Name: 'Sales', Props: { Fqdn: 'x' } };
	for (const [select, shown, asked] of [['*', record, '*'], ['Props/Fqdn', { Props: { Fqdn: 'x' } }, 'Props/Fqdn,Id']]) {
		const answer = () => ({ status: 200, body: JSON.stringify({ value: [record] }) });
		const { items, requests } = await run(answer, { resource: 'Groups', operation: 'List Group', parameters: { select } });
		assert.deepEqual([items[0].json, new URL(requests[0].url).searchParams.get('$select')], [shown, asked]);
	}
});

test('what has no key is left out of what can be chosen, and the others stay', async () => {
	const value = [{ Id: 1, Name: 'Sales' }, { Id: null, Name: 'Lost' }, { Name: 'None' }, { Id: 2, Name: 'Support' }];
	const choose = { resource: 'Groups', operation: 'Get Group', choices: true };
	const { items } = await run(() => ({ status: 200, body: JSON.stringify({ value }) }), choose);
	assert.deepEqual(items.map(({ json }) => json), [{ name: 'Sales', value: '1' }, { name: 'Support', value: '2' }]);
});

test('an order that 3CX does not take is not left out in silence', async () => {
	const list = (parameters) => run(() => ({ status: 200, body: '{"value":[]}' }), { resource: 'Backups', operation: 'Get Failover Scripts', parameters });
	for (const [parameters, field] of [[{ sort: { by: [{ field: 'Filename', direction: 'asc' }] } }, 'Sort'], [{ orderby: 'Filename' }, 'OData Sort']]) {
		const { items, requests } = await list(parameters);
		assert.deepEqual([requests.length, items[0].json.details.outcome], [0, 'notSent']);
		assert.match(items[0].json.error, new RegExp(`^There is no field ${field} here`));
	}
	const { items, requests } = await list({ sort: { by: [{ field: '', direction: 'asc' }] } });
	assert.deepEqual([requests.length, items[0].json.error], [0, 'The field under Sort is empty']);
	for (const parameters of [{}, { sort: {} }, { orderby: ' ' }]) {
		assert.equal((await list(parameters)).requests.length, 1, JSON.stringify(parameters));
	}
});

test('files come a few at once, unless another number is asked for', async () => {
	const most = async (options) => {
		let open = 0;
		let most = 0;
		const fetch = async () => {
			most = Math.max(most, ++open);
			await new Promise((resolve) => setTimeout(resolve, 5));
			open--;
			return { status: 200, headers: { get: () => null }, text: async () => 'x', arrayBuffer: async () => new ArrayBuffer(8) };
		};
		const rows = Array.from({ length: 100 }, () => ({ json: {} }));
		const items = await execute(rows, credentials, { fetch, ...options });
		assert.ok(items.every(({ binary }) => binary.data));
		return most;
	};
	const download = { resource: 'Recordings', operation: 'Download Recording', parameters: (row) => ({ arguments: { recId: row + 1 } }) };
	const custom = { resource: 'Custom Request', operation: 'Send Request', parameters: (row) => ({ path: `/X(${row})`, response: 'file' }) };
	assert.equal(await most(download), 4);
	assert.equal(await most(custom), 4);
	assert.ok((await most({ ...download, concurrency: 20 })) > 4);
});
