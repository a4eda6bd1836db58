// What is left blank never makes a call wider: every operation that changes something, with every kind of blank in every
// field, as the form gives it and as JSON. For one way to run the node after another.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import { operations, types } from '../../scripts/lib/definition.mjs';
import { asJson, bodyFields, byPath, full, locators, mapper, minimal } from './samples.mjs';

const { formFields } = createRequire(import.meta.url)('../../dist/portable/index.js');

export const BLANKS = [undefined, null, '', ' \n', '\u200b', [], {}, [null, ''], [{}], { a: { b: null } }];
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
const shape = ({ body }) => (body?.type ? 'entity' : body?.fields ? 'action' : undefined);
/** The form with all that it has, which narrows as much as can be. */
const filled = (operation) => ({ ...full(operation), emptyValues: undefined, ...(operation.everything && shape(operation) === 'action' ? { everything: undefined } : {}) });

/** A success, as the operation documents it. */
function success({ answer: { kind, type } }) {
	const record = types[type] ? JSON.stringify({ [types[type].fields[0].name]: null }) : '{"Id":1}';
	const bodies = { record, created: record, records: '{"value":[]}', values: '{"value":[]}', value: '{"value":1}' };
	return bodies[kind] ? { status: 200, body: bodies[kind] } : { status: 204, body: '' };
}

/**
 * Runs forms, one after another, as `execute(operation, forms, answer)` does with a row for each; gives for each what was
 * sent of it. Forms that differ in more than values, by `structure(form)`, run apart.
 */
export function sender({ execute, structure = () => '' }) {
	return async (operation, forms) => {
		const results = new Map();
		const groups = new Map(forms.map((form) => [structure(form), []]));
		for (const form of forms) groups.get(structure(form)).push(form);
		for (const alike of groups.values()) {
			const requests = [];
			const items = await execute(operation, alike, async (request) => {
				requests.push({ ...request, body: typeof request.body === 'string' ? JSON.parse(request.body) : request.body });
				return success(operation);
			});
			// Some give no item for an empty list.
			const failed = new Map(items.filter(({ json }) => json.error).map(({ json, pairedItem }) => [pairedItem.item, json]));
			for (const json of failed.values()) assert.equal(json.details.outcome, 'notSent', `${operation.value}: ${json.error}`);
			assert.equal(requests.length, alike.length - failed.size, operation.value);
			alike.forEach((form, at) => results.set(form, { form, refusal: failed.get(at), request: failed.has(at) ? undefined : requests.shift() }));
		}
		return forms.map((form) => results.get(form));
	};
}

/** Fails where one of the forms was sent. */
export const refuser = (sent) => async (operation, forms, what) => {
	for (const { form, request, refusal } of await sent(operation, forms)) {
		assert.equal(request, undefined, `${operation.value}, ${what}: ${JSON.stringify(form)} sent ${JSON.stringify(request)}`);
		assert.ok(refusal.message.length > 20 && !/undefined|null/.test(refusal.message), refusal.message);
	}
};

/** `kinds`: the blanks that are tried. */
export function blanks(sent, kinds = BLANKS) {
	const refuses = refuser(sent);

	describe('with every kind of blank', () => {
		test('the form and the JSON are sent as they are filled', async () => {
			for (const operation of changing.filter(shape)) {
				// Apart: the PBX takes one license key of a run.
				for (const form of [filled(operation), asJson(operation)]) {
					const [{ refusal }] = await sent(operation, [form]);
					assert.equal(refusal, undefined, `${operation.value}: ${refusal?.error}`);
				}
			}
		});

		test('in the key: nothing is sent', async () => {
			for (const operation of changing.filter(({ set, form }) => set && !form)) {
				const { parameter } = locators.get(operation.set);
				const keys = [...kinds, NaN, Infinity, true].flatMap((value) => [value, { __rl: true, mode: 'id', value }, { __rl: true, mode: 'list', value }]);
				await refuses(operation, keys.map((key) => ({ ...filled(operation), everything: operation.everything, [parameter]: key })), parameter);
			}
		});

		test('in all fields at once, or in place of them: nothing is sent', async () => {
			for (const operation of changing.filter(shape)) {
				const { resource, value } = operation;
				const ids = formFields(resource, value, 'fields').map(({ id }) => id);
				const names = bodyFields(operation).map(({ name }) => name);
				const base = { ...filled(operation), fields: undefined, body: undefined };
				const forms = kinds.flatMap((blank) => {
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
					const forms = kinds.flatMap((blank) => [
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
					const forms = kinds.map((blank) => ({ ...form, fields: mapper({ ...form.fields.value, [id]: blank }) }));
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
					kinds.map((blank) => ({ ...form, of: { id, required }, fields: mapper({ ...form.fields.value, [id]: blank }) })),
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
					const bodies = kinds.map((blank) => ({ ...whole, [name]: [...whole[name], blank] }));
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
				const blank = kinds.map((value) => ({ ...all, fields: mapper({ ...all.fields.value, [offered[0].id]: value }) }));
				const json = JSON.parse(asJson(operation).body);
				await refuses(operation, blank, 'blank beside everything');
				await refuses(operation, [{ ...all, bodyFrom: 'json', body: json }], 'JSON with everything');
			}
		});
	});
}
