// What is left blank never makes a call wider: every operation that changes something, with every kind of blank in every
// field, as the form gives it and as JSON, through the built module.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import { operations } from '../../scripts/lib/definition.mjs';
import { asJson, bodyFields, byPath, full, locators, mapper, minimal, row } from './samples.mjs';

const require = createRequire(import.meta.url);
const { execute, formFields } = require('../../dist/portable/index.js');
const credentials = { baseUrl: 'https://pbx.example.com', accessToken: 'any' };

const BLANKS = [undefined, null, '', ' \n', '\u200b', [], {}, [null, ''], [{}], { a: { b: null } }];
/** What an action does without, and does no more. */
const OPTIONAL = { 'Make Call': ['contact', 'dn', 'testCall'], Restore: ['password'] };
/** Actions that take nothing and do no harm. */
const HARMLESS = [
	'Get Users',
	'Issue Download Ticket',
	'Refresh License Status',
	'Stop Check',
	'Synchronize',
	'Test Data Connector',
	'Test Presence',
];

const reads = ({ method, safeToRepeat }) => method === 'GET' || (method === 'POST' && safeToRepeat);
const changing = operations.filter((operation) => !reads(operation) && operation.kind !== 'replaceGroupLicense');

/** A success, as the operation documents it. */
function success({ answer: { kind } }) {
	const bodies = { record: '{"Id":1}', created: '{"Id":1}', records: '{"value":[]}', values: '{"value":[]}', value: '{"value":1}' };
	return bodies[kind] ? { status: 200, body: bodies[kind] } : { status: 204, body: '' };
}

/** Runs forms, a row each and one after another; gives for each what was sent of it. */
async function sent(operation, forms) {
	const requests = [];
	const { status, body } = success(operation);
	const fetch = async (url, { method, body: given }) => {
		requests.push({ url, method, body: typeof given === 'string' ? JSON.parse(given) : given });
		return { status, headers: { get: () => null }, text: async () => body, arrayBuffer: async () => Buffer.from(body) };
	};
	const options = { resource: operation.resource, operation: operation.value, parameters: (at) => forms[at], concurrency: 1, fetch };
	const items = await execute(forms.map(() => row), credentials, options);
	// Some give no item for an empty list.
	const failed = new Map(items.filter(({ json }) => json.error).map(({ json, pairedItem }) => [pairedItem.item, json]));
	for (const json of failed.values()) assert.equal(json.details.outcome, 'notSent', `${operation.value}: ${json.error}`);
	assert.equal(requests.length, forms.length - failed.size, operation.value);
	return forms.map((form, at) => ({ form, refusal: failed.get(at), request: failed.has(at) ? undefined : requests.shift() }));
}

/** Fails where one of the forms was sent. */
async function refuses(operation, forms, what) {
	for (const { form, request, refusal } of await sent(operation, forms)) {
		assert.equal(request, undefined, `${operation.value}, ${what}: ${JSON.stringify(form)} sent ${JSON.stringify(request)}`);
		assert.ok(refusal.message.length > 20 && !/undefined|null/.test(refusal.message), refusal.message);
	}
}

const shape = ({ body }) => (body?.type ? 'entity' : body?.fields ? 'action' : undefined);
/** The form with all that it has, which narrows as much as can be. */
const filled = (operation) => ({ ...full(operation), emptyValues: undefined, ...(operation.everything && shape(operation) === 'action' ? { everything: undefined } : {}) });

describe('with every kind of blank', () => {
	test('the form and the JSON are sent as they are filled', async () => {
		for (const operation of changing.filter(shape)) {
			for (const { refusal } of await sent(operation, [filled(operation), asJson(operation)])) {
				assert.equal(refusal, undefined, `${operation.value}: ${refusal?.error}`);
			}
		}
	});

	test('in the key: nothing is sent', async () => {
		for (const operation of changing.filter(({ set, form }) => set && !form)) {
			const { parameter } = locators.get(operation.set);
			const keys = [...BLANKS, NaN, Infinity, true].flatMap((value) => [value, { __rl: true, mode: 'id', value }, { __rl: true, mode: 'list', value }]);
			await refuses(operation, keys.map((key) => ({ ...filled(operation), everything: operation.everything, [parameter]: key })), parameter);
		}
	});

	test('in all fields at once, or in place of them: nothing is sent', async () => {
		for (const operation of changing.filter(shape)) {
			const { resource, value } = operation;
			const ids = formFields(resource, value, 'fields').map(({ id }) => id);
			const names = bodyFields(operation).map(({ name }) => name);
			const base = { ...filled(operation), fields: undefined, body: undefined };
			const forms = BLANKS.flatMap((blank) => {
				const all = (of) => Object.fromEntries(of.map((id) => [id, blank]));
				return [
					{ ...base, fields: blank },
					{ ...base, fields: mapper(blank) },
					{ ...base, fields: mapper(all(ids)) },
					{ ...base, bodyFrom: 'json', body: blank },
					{ ...base, bodyFrom: 'json', body: all(names) },
					{ ...base, bodyFrom: 'json', body: JSON.stringify(all(names)) },
					{ ...base, bodyFrom: undefined, body: blank },
				];
			});
			forms.push({ ...base, fields: { mappingMode: 'autoMapInputData', value: null } }, base);
			await refuses(operation, forms, 'all');
		}
	});

	test('in one field of an action: nothing is sent unless all the others say is sent and the action does without it', async () => {
		for (const operation of changing.filter((operation) => shape(operation) === 'action')) {
			const form = filled(operation);
			const whole = JSON.parse(asJson(operation).body);
			for (const field of operation.body.fields) {
				const without = (values) => Object.fromEntries(Object.entries(values).filter(([id]) => id.split('.')[0] !== field.name));
				const mapped = formFields(operation.resource, operation.value, 'fields').map(({ id }) => id).filter((id) => id.split('.')[0] === field.name);
				const forms = BLANKS.flatMap((blank) => [
					{ ...form, fields: mapper({ ...without(form.fields.value), ...Object.fromEntries(mapped.map((id) => [id, blank])) }) },
					{ ...form, fields: mapper(without(form.fields.value)) },
					{ ...form, bodyFrom: 'json', body: { ...whole, [field.name]: blank } },
					{ ...form, bodyFrom: 'json', body: JSON.stringify({ ...whole, [field.name]: blank }) },
				]);
				// To clear is meant of records, never of what says which.
				const clearing = forms.map((form) => ({ ...form, emptyValues: 'clear' }));
				if (OPTIONAL[operation.value]?.includes(field.name)) {
					for (const { request } of await sent(operation, forms)) {
						if (request) assert.deepEqual({ ...request.body, [field.name]: 0 }, { ...whole, [field.name]: 0 }, operation.value);
					}
				} else {
					const isRecord = mapped.some((id) => id.includes('.'));
					await refuses(operation, isRecord ? forms : [...forms, ...clearing], field.name);
				}
			}
		}
	});

	test('in one field of an object that an action takes: what must be given is, and no other field is lost', async () => {
		for (const operation of changing.filter((operation) => shape(operation) === 'action')) {
			const form = filled(operation);
			const nested = formFields(operation.resource, operation.value, 'fields').filter(({ id }) => id.includes('.'));
			for (const { id, required } of nested) {
				const [outer, inner] = id.split('.');
				const forms = BLANKS.map((blank) => ({ ...form, fields: mapper({ ...form.fields.value, [id]: blank }) }));
				for (const { request } of await sent(operation, forms)) {
					if (!request) continue;
					assert.ok(!required, `${operation.value}, ${id}`);
					const { [inner]: gone, ...rest } = request.body[outer];
					assert.equal(gone, undefined);
					const wanted = Object.keys(form.fields.value).filter((other) => other.startsWith(`${outer}.`) && other !== id);
					assert.deepEqual(Object.keys(rest).sort(), wanted.map((other) => other.split('.')[1]).sort(), operation.value);
				}
			}
		}
	});

	test('in one field of a record: no other field is lost, and what it is not made without is asked for', async () => {
		for (const operation of changing.filter((operation) => shape(operation) === 'entity')) {
			const form = filled(operation);
			const offered = formFields(operation.resource, operation.value, 'fields');
			const forms = offered.flatMap(({ id, required }) =>
				BLANKS.map((blank) => ({ ...form, of: { id, required }, fields: mapper({ ...form.fields.value, [id]: blank }) })),
			);
			const [{ request: whole }] = await sent(operation, [form]);
			for (const { form: { of }, request } of await sent(operation, forms)) {
				if (!request) continue;
				assert.ok(!of.required, `${operation.value}, ${of.id}`);
				const [outer, inner] = of.id.split('.');
				const expected = structuredClone(whole.body);
				if (inner) delete expected[outer][inner];
				else delete expected[outer];
				if (inner && Object.keys(expected[outer]).length === 0) delete expected[outer];
				assert.deepEqual(request.body, expected, `${operation.value}, ${of.id}`);
			}
		}
	});

	test('in a list: no entry is empty', async () => {
		for (const operation of changing.filter(shape)) {
			const whole = JSON.parse(asJson(operation).body);
			for (const { name } of bodyFields(operation).filter(({ list }) => list)) {
				const bodies = BLANKS.map((blank) => ({ ...whole, [name]: [...whole[name], blank] }));
				await refuses(operation, bodies.map((body) => ({ ...asJson(operation), body })), name);
			}
		}
	});
});

describe('what takes nothing', () => {
	const takesNothing = changing.filter((operation) => !shape(operation) && !operation.kind && !operation.set);

	test('is done only for a row that says that it means everything', async () => {
		const asked = takesNothing.filter(({ value }) => !HARMLESS.includes(value));
		assert.ok(asked.length >= 30, `${asked.length}`);
		for (const operation of asked) {
			const forms = [undefined, null, '', ' ', 'true', 'no', 1, 0, [], {}, false].map((everything) => ({ everything }));
			await refuses(operation, [{}, ...forms, ...forms.map((form) => ({ ...form, bodyFrom: 'json', body: { x: 1 } }))], 'everything');
			const [{ request }] = await sent(operation, [{ everything: true }]);
			assert.ok(request, operation.value);
		}
	});

	test('and is known to do no harm needs no word', async () => {
		const harmless = takesNothing.filter(({ value }) => HARMLESS.includes(value));
		assert.deepEqual(harmless.map(({ value }) => value).sort(), HARMLESS);
		for (const operation of harmless) assert.ok((await sent(operation, [{}]))[0].request, operation.value);
	});

	test('and what may mean all is said in one way: narrowed, or everything', async () => {
		const narrowed = operations.filter((operation) => operation.everything && shape(operation) === 'action');
		assert.deepEqual(narrowed.map(({ value }) => value).sort(), ['Delete Contacts By Type', 'Purge', 'Purge Calls', 'Purge Chats']);
		for (const operation of narrowed) {
			const all = minimal(operation);
			assert.ok((await sent(operation, [all]))[0].request, operation.value);
			await refuses(operation, [{ ...all, everything: undefined }, { ...filled(operation), everything: true }], 'both or none');
			const offered = formFields(operation.resource, operation.value, 'fields').filter(({ id }) => !(id in all.fields.value));
			const blank = BLANKS.map((value) => ({ ...all, fields: mapper({ ...all.fields.value, [offered[0].id]: value }) }));
			const json = JSON.parse(asJson(operation).body);
			for (const { form, request } of await sent(operation, blank)) {
				assert.ok(!request || form.fields.value[offered[0].id] === undefined, `${operation.value} ${JSON.stringify(form)}`);
			}
			await refuses(operation, [{ ...all, bodyFrom: 'json', body: json }], 'JSON with everything');
		}
	});
});

test('a request of one’s own has its keys, its query and its body', async () => {
	const custom = operations.find(({ kind }) => kind === 'customRequest');
	const forms = ['POST', 'PATCH', 'PUT'].flatMap((method) =>
		BLANKS.flatMap((blank) => [
			{ method, path: '/Users(5)', body: blank },
			{ method, path: '/Users(5)', body: { user: blank } },
			{ method, path: '/Users(5)', body: { ids: [5, blank] } },
			{ method, path: '/Users(5)', body: { x: 1 }, query: { parameter: [{ name: 'id', value: blank }] } },
		]),
	);
	for (const method of ['POST', 'PATCH', 'PUT', 'DELETE']) {
		for (const path of ['', ' ', '/Users()', "/Users('')", "/Users(Number='')", '/Users(undefined)']) forms.push({ method, path, body: { x: 1 } });
	}
	// An entry of a list that is undefined is null in JSON; a field is none.
	const isNone = ({ body, query }) => query === undefined && body?.ids === undefined && body?.user === undefined && body?.x;
	await refuses(custom, forms.filter((form) => !isNone(form) || !/\(\d/.test(form.path)), 'custom');
	const meant = await sent(custom, [{ method: 'POST', path: '/Services/Pbx.RestartAll', everything: true }, { method: 'DELETE', path: '/Users(5)' }]);
	assert.ok(meant.every(({ request }) => request));
});

test('masked secrets are never sent', async () => {
	const update = operations.find(({ value }) => value === 'Update User');
	const create = operations.find(({ value }) => value === 'Create User');
	for (const mask of ['****', '********', '****-****-****-MNOP', ' ******** ']) {
		const forms = [
			{ fields: mapper({ FirstName: 'Ann', AuthPassword: mask }) },
			{ fields: mapper({ FirstName: mask }) },
			{ bodyFrom: 'json', body: { FirstName: 'Ann', AuthPassword: mask } },
			{ bodyFrom: 'json', body: { FirstName: 'Ann', Phones: [{ Id: 1, ProvisioningLinkExt: mask }] } },
		];
		for (const operation of [update, create]) {
			await refuses(operation, forms.map((form) => ({ userId: '5', ...form })), mask);
			for (const { refusal } of await sent(operation, [{ userId: '5', ...forms[0] }])) {
				assert.equal(refusal.error, 'Authentication Password holds the stars that this node shows in place of a secret');
			}
		}
	}
});

test('a record that was read with masked secrets is updated without them, and made with none', async () => {
	const automatic = { userId: '5', fields: { mappingMode: 'autoMapInputData', value: null } };
	const rows = [{ json: { FirstName: 'Ann', AuthPassword: '********', VMPIN: '********' } }, { json: { AuthPassword: '********' } }];
	for (const [operation, expected] of [['Update User', [{ FirstName: 'Ann' }]], ['Create User', []]]) {
		const bodies = [];
		const fetch = async (_, { body }) => {
			bodies.push(JSON.parse(body));
			return { status: 204, headers: { get: () => null }, text: async () => '' };
		};
		const hints = [];
		await execute(rows, credentials, { resource: 'Users', operation, parameters: automatic, fetch, onHint: (text) => hints.push(text) });
		assert.deepEqual(bodies, expected, operation);
		if (expected.length) assert.match(hints.join(), /secrets that this node has masked were left out.*Authentication Password/);
	}
});

test('numbers stay numbers and texts texts', async () => {
	const find = (name) => operations.find(({ value }) => value === name);
	for (const [form, expected] of [
		[{ Number: 101 }, "/xapi/v1/Users(Number='101')"],
		[{ Number: '0101.0' }, "/xapi/v1/Users(Number='0101.0')"],
		[{ arguments: '{"Number":101.0}' }, "/xapi/v1/Users(Number='101')"],
	]) {
		const paths = [];
		const fetch = async (url) => {
			paths.push(decodeURIComponent(new URL(url).pathname));
			return { status: 200, headers: { get: () => null }, text: async () => '{"Id":1}' };
		};
		await execute([row], credentials, { resource: 'Users', operation: 'Get User By Number', parameters: form, fetch });
		assert.equal(paths.at(-1), expected);
	}
	const half = 'Ann \ud83d';
	const odd = [1e21, -1e21, 2 ** 60, NaN, Infinity, -Infinity, half];
	const forms = odd.flatMap((value) => [
		{ fields: mapper({ FirstName: value }) },
		{ fields: mapper({ FirstName: 'Ann', PinProtectTimeout: value }) },
		{ bodyFrom: 'json', body: { FirstName: value } },
		{ bodyFrom: 'json', body: { FirstName: 'Ann', Groups: [{ GroupId: value }] } },
		{ userId: value, fields: mapper({ FirstName: 'Ann' }) },
	]);
	await refuses(find('Update User'), forms.map((form) => ({ userId: '5', ...form })), 'odd numbers');
	await refuses(find('Batch Delete'), odd.map((value) => ({ fields: mapper({ ids: [5, value] }) })), 'ids');
	const columns = odd.map((FirstName) => ({ json: { FirstName } }));
	const fetch = async () => assert.fail('sent');
	const automatic = { userId: '5', fields: { mappingMode: 'autoMapInputData', value: null } };
	const items = await execute(columns, credentials, { resource: 'Users', operation: 'Update User', parameters: automatic, fetch });
	assert.ok(items.every(({ json }) => json.details.outcome === 'notSent'), JSON.stringify(items.map(({ json }) => json.error)));
});
