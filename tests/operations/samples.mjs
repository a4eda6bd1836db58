// Form values for every operation, made from the definition: a minimal set and a full one.
import { createRequire } from 'node:module';
import { enums, locators as listed, types } from '../../scripts/lib/definition.mjs';

const require = createRequire(import.meta.url);
const { formFields } = require('../../dist/portable/index.js');

export const locators = new Map(listed.map((locator) => [locator.set, locator]));

const SCALARS = {
	string: 'sample',
	int32: 12,
	int64: 1234567890123,
	uint8: 7,
	double: 1.5,
	boolean: true,
	'date-time': '2026-01-31T09:30:00Z',
	date: '2026-01-31',
	time: '09:30:00',
	duration: 'PT1H30M',
	uuid: '01234567-89ab-cdef-0123-456789abcdef',
};

/** A value of a type; objects within objects down to a depth, for types may hold themselves. */
export function sample({ type, list, maxLength }, depth = 0) {
	let value = SCALARS[type];
	if (type === 'string' && maxLength) value = value.slice(0, maxLength);
	if (enums[type]) [value] = enums[type];
	if (types[type]) value = record(type, depth + 1);
	return list ? [value] : value;
}

/** Beside what narrows, a yes or no says whether everything is meant. */
const within = (type, field, depth, everything = false) => (field.type === 'boolean' && types[type].fields.some(({ narrows }) => narrows) ? everything : sample(field, depth));

export function record(type, depth = 0) {
	const fields = depth > 2 ? types[type].fields.filter(({ type }) => !types[type]) : types[type].fields;
	const values = fields.map((field) => [field.name, within(type, field, depth)]);
	// What is left of an object without its objects may be nothing, which is refused.
	return Object.fromEntries(values.filter(([, value]) => typeof value !== 'object' || Object.keys(value).length > 0));
}

/** The fields of an operation's body. */
export const bodyFields = ({ body }) => (body?.type ? types[body.type].fields : (body?.fields ?? []));

/** Keys of entities that the PBX has, by set; where none is known, any key of the right type. */
export const knownKeys = new Map();

/** The values that every row of this operation must give. */
function keys({ set, parameters = [], path, form }) {
	const values = {};
	const rest = set && !form ? parameters.slice(1) : parameters;
	if (set && !form) {
		const { parameter, type } = locators.get(set);
		values[parameter] = { __rl: true, mode: 'id', value: String(knownKeys.get(set) ?? SCALARS[type]) };
	}
	if (path.endsWith('(Number={Number})')) return { ...values, Number: '101' };
	if (rest.length === 0) return values;
	return { ...values, arguments: mapper(Object.fromEntries(rest.map((field) => [field.name, sample(field)]))) };
}

export const mapper = (value) => ({ mappingMode: 'defineBelow', value });

const OWN = {
	'Replace Group License Key': { rowsFrom: 'fields', groupId: 28, licenseKey: 'ABCD-EFGH-IJKL-MNOP', confirm: false },
	'Send Request': { method: 'GET', path: '/Defs' },
	'Upload Custom Prompt': { inputField: 'data' },
	'List Call': { period: 'last7Days' },
	'List Call Leg': { period: 'last7Days' },
};

/** As little as 3CX takes. */
export function minimal(operation) {
	const { resource, value, body, answer } = operation;
	if (OWN[value]) return OWN[value];
	const form = { ...keys(operation), simplify: false };
	if (operation.everything) form.everything = true;
	if (body) {
		const fields = bodyFields(operation);
		const offered = formFields(resource, value, 'fields');
		const wanted = offered.filter(({ required }) => required).map(({ id }) => id);
		// Nothing is made, changed or done of nothing: one field of an entity, and of each object that an action takes.
		const begun = (name) => wanted.some((id) => id === name || id.startsWith(`${name}.`));
		if (offered.length && wanted.length === 0 && !operation.everything) wanted.push(offered[0].id);
		for (const { name } of (body.fields ?? []).filter(({ name, required }) => required && !begun(name))) {
			wanted.push(offered.find(({ id }) => id === name || id.startsWith(`${name}.`)).id);
		}
		const values = wanted.map((id) => [id, byPath(fields, id, operation.everything)]);
		Object.assign(form, { bodyFrom: 'fields', fields: mapper(Object.fromEntries(values)) });
	}
	if (answer.kind === 'file') form.output = 'file';
	return form;
}

/** Everything that the form offers. */
export function full(operation) {
	const { resource, value, query = [], body, answer, ifMatch } = operation;
	if (OWN[value]) return OWN[value];
	const form = { ...minimal(operation), simplify: true };
	if (body) {
		const fields = bodyFields(operation);
		const values = formFields(resource, value, 'fields').map(({ id }) => [id, JSON.parse(JSON.stringify(byPath(fields, id)))]);
		form.fields = mapper(Object.fromEntries(values));
		if (fields.length) delete form.everything;
	}
	if (ifMatch || operation.method === 'PATCH') form.ifMatch = 'W/"sample"';
	const names = (part) => formFields(resource, value, part).map(({ value }) => value);
	if (query.includes('page')) {
		const conditions = names('filter').map((field) => ({ field, operator: 'eq', value: filterValue(operation, field) }));
		Object.assign(form, { filters: { condition: conditions.slice(0, 30) }, match: 'any', filter: `${names('filter')[0]} ne null`, search: 'sample', limit: 5 });
		if (query.includes('orderBy') && names('filter').length) form.sort = { by: [{ field: names('filter')[0], direction: 'desc' }] };
	}
	if (query.includes('select')) {
		form.select = names('select').slice(0, 20);
		form.expand = names('expand');
	}
	if (answer.kind === 'file' && answer.type) form.output = 'items';
	return form;
}

/** The body with everything that the definition knows, as JSON. */
export function asJson(operation) {
	const { body, value: name } = operation;
	if (OWN[name]) return OWN[name];
	const value = body.type ? record(body.type) : Object.fromEntries((body.fields ?? []).map((field) => [field.name, sample(field)]));
	// A number can be told, but not changed: this is the one of the entity that is changed.
	if (operation.method === 'PATCH' && value.Number) value.Number = '100';
	const form = { ...minimal(operation), bodyFrom: 'json', body: JSON.stringify(value) };
	if (body.fields) delete form.everything;
	return form;
}

export function byPath(fields, id, everything) {
	const [outer, inner] = id.split('.');
	const field = fields.find(({ name }) => name === outer);
	return inner ? within(field.type, types[field.type].fields.find(({ name }) => name === inner), 1, everything) : sample(field);
}

const filterValue = ({ answer }, name) => sample(types[answer.type].fields.find((field) => field.name === name));

/** A row for an operation: its columns are no matter, but some want a file. */
export const row = { json: { unrelated: true }, binary: { data: { data: Buffer.from('RIFF').toString('base64'), fileName: 'a.wav', mimeType: 'audio/wav' } } };
