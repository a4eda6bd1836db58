// Workflows of the earlier node, which was generated from the API of 3CX 20.0.7: what they saved is sent as it was sent
// then, or refused with a word on what to fill. saved.json tells what its form had for each action, and so what n8n sent
// of it: every field, filled or not, as its parameters stood.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { enums, operations } from '../../scripts/lib/definition.mjs';

const require = createRequire(import.meta.url);
const { NodeHelpers } = require('n8n-workflow');
const { Threecx } = require('../../dist/nodes/Threecx/Threecx.node.js');
const { formFields } = require('../../dist/portable/index.js');
const json = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url)));
const successors = json('original.json');
const actions = Object.entries(json('saved.json')).flatMap(([resource, names]) =>
	Object.entries(names).map(([name, { call, path = {}, query = '', header, body = {} }]) => {
		const [resourceNow, nameNow] = (successors[resource][name] ?? `${resource}: ${name}`).split(': ');
		const now = operations.find(({ resource, value }) => resource === resourceNow && value === nameNow);
		const [method, url] = call.split(' ');
		return { resource, name, now, method, url, path, query: query.split(' ').filter(Boolean), header, body };
	}),
);

const { description } = new Threecx();
const BUILD = '20.0.7.1057';

/** A node as n8n hands it over: with the parameters that its description names. */
function opened({ resource, name }, saved) {
	const given = { resource, operation: name, authentication: 'accessToken', ...saved };
	const node = { id: 'a', name: '3CX', type: 'n8n-nodes-3cx.threecx', typeVersion: 1, position: [0, 0], parameters: given };
	const parameters = NodeHelpers.getNodeParameters(description.properties, given, true, false, node, description);
	return { ...node, parameters };
}

/** What n8n itself says is missing, before it runs a node. */
function issues(node) {
	return Object.values(NodeHelpers.getNodeParametersIssues(description.properties, node, description)?.parameters ?? {}).flat();
}

/** What our node sends of it, even if n8n would not start it; an expression is `=` and its value as JSON. */
async function run(node, now) {
	const requests = [];
	const hints = [];
	const evaluated = (value) => {
		if (typeof value === 'string') return value.startsWith('=') ? JSON.parse(value.slice(1)) : value;
		if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
		return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, evaluated(part)]));
	};
	const answers = { record: { Id: 1 }, created: { Id: 1 }, records: { value: [] }, values: { value: [] }, value: { value: 1 }, file: 'Id\n' };
	const context = {
		getNode: () => node,
		getNodeParameter: (name, _, otherwise) => evaluated(node.parameters[name] ?? otherwise),
		getInputData: () => [{ json: {} }],
		getCredentials: async () => ({ baseUrl: 'https://pbx.example.com', accessToken: 't' }),
		getExecutionCancelSignal: () => undefined,
		getContext: () => ({}),
		getExecutionId: () => '1',
		getMode: () => 'trigger',
		getParentNodes: () => [],
		getChildNodes: () => [],
		getTimezone: () => 'Europe/Berlin',
		continueOnFail: () => false,
		addExecutionHints: (...told) => hints.push(...told),
		logger: { info() {}, debug() {} },
		helpers: {
			httpRequest: async ({ method, url, headers, body }) => {
				const headersOf = { 'x-3cx-version': BUILD };
				if (now?.older && url.includes('/Defs?')) return { statusCode: 200, headers: headersOf, body: Readable.from([Buffer.from('{"value":[]}')]) };
				requests.push({ method, url: new URL(url), guard: headers['If-Match'], body: body === undefined ? {} : JSON.parse(body) });
				const answer = answers[now?.answer.kind];
				return { statusCode: answer ? 200 : 204, headers: headersOf, body: Readable.from([Buffer.from(typeof answer === 'string' ? answer : answer ? JSON.stringify(answer) : '')]) };
			},
			prepareBinaryData: async () => ({ data: '' }),
		},
	};
	const error = await new Threecx().execute.call(context).then(() => undefined, (error) => error);
	return { requests, error, hints: hints.map(({ message }) => message) };
}

const UNSET = { string: '', number: 0, boolean: true };
/** Path parameters of the earlier node that began as no. */
const OFF = ['hidePcalls', 'includeQueueCalls'];
/** What 3CX takes for nothing, or refuses: no saved workflow lives by it. */
const isIdle = (name, value) => value === undefined || value === '' || (name === '$skip' && `${value}` === '0') || name === '$count';

/** What n8n sent of the earlier node. */
function request({ method, url, path, query, header, body }, saved) {
	const of = (name, type) => saved[name] ?? (OFF.includes(name) ? false : UNSET[type]);
	const parsed = (name, type) => (type === 'json' ? (saved[name] === undefined ? 'an example' : JSON.parse(saved[name])) : of(name, type));
	return {
		method,
		path: `/xapi/v1${url.replace(/{(\w+)}/g, (_, name) => of(name, path[name]))}`,
		query: Object.fromEntries(query.map((name) => [name, saved[name] ?? (name === '$top' ? 50 : undefined)]).filter(([name, value]) => !isIdle(name, value))),
		guard: header && saved[header] !== '' ? saved[header] : undefined,
		body: Object.fromEntries(Object.entries(body).map(([name, type]) => [name, parsed(name, type)])),
	};
}

/**
 * Whether a request of ours is the same. A reading of which nothing was saved cannot be told from a new one: it may choose
 * fields and their order.
 */
function isSame(then, { method, url, guard, body }, isBare) {
	const isFree = ([name]) => isBare && (['$select', '$orderby'].includes(name) || (name === '$top' && !url.searchParams.has(name)));
	const query = [...url.searchParams].filter(([name, value]) => !isIdle(name, value) && !isFree([name]));
	then = { ...then, query: Object.fromEntries(Object.entries(then.query).filter((entry) => !isFree(entry))) };
	try {
		assert.deepEqual(
			{ method, path: decodeURIComponent(url.pathname), query: Object.fromEntries(query), guard, body },
			{ ...then, query: Object.fromEntries(Object.entries(then.query).map(([name, value]) => [name, `${value}`])) },
		);
		return true;
	} catch {
		return false;
	}
}

const LITERALS = { string: "'it''s 101'", int32: 12, int64: 12, boolean: true, 'date-time': '2026-01-31T09:30:00Z', date: '2026-01-31', uuid: '01234567-89ab-cdef-0123-456789abcdef', duration: "'PT1H30M'", time: "'09:30:00'" };
const literal = ({ now }, name, type) => {
	const field = now?.parameters?.find((field) => field.name.toLowerCase() === name.toLowerCase());
	return enums[field?.type] ? `'${enums[field.type][0]}'` : (LITERALS[field?.type] ?? LITERALS[type === 'number' ? 'int32' : 'string']);
};
const QUERY = { $top: 7, $skip: 3, $search: 'Ann & Co', $filter: "Number eq '101'", $count: false, $orderby: 'Number desc', $select: 'Id,Number', $expand: 'Groups' };
const BODY = { string: 'sample', number: 5, boolean: false, options: 'Other', json: '[5]' };

/** Everything that the form had, filled. */
const filled = (action) => ({
	...Object.fromEntries(Object.entries(action.body).map(([name, type]) => [name, BODY[type]])),
	...Object.fromEntries(Object.entries(action.path).map(([name, type]) => [name, literal(action, name, type)])),
	...Object.fromEntries(action.query.map((name) => [name, QUERY[name]])),
	...(action.header ? { [action.header]: 'W/"1"' } : {}),
});
const without = (saved, names) => Object.fromEntries(Object.entries(saved).filter(([name]) => !names.includes(name)));
const asExpressions = (saved) => Object.fromEntries(Object.entries(saved).map(([name, value]) => [name, `=${JSON.stringify(value)}`]));
const unquoted = (saved) => Object.fromEntries(Object.entries(saved).map(([name, value]) => [name, typeof value === 'string' ? value.replace(/^'(.*)'$/, '$1') : value]));

/** The ways in which an action may have been saved: what, and what n8n sent of it. */
function ways(action, at) {
	const all = filled(action);
	const paths = Object.keys(action.path);
	const queries = Object.keys(all).filter((name) => name.startsWith('$'));
	const saved = [all, without(all, queries), unquoted(all)];
	// One of each, by turns: n8n's and our own handling of them is the same for all.
	const turn = (names) => names.slice(at % names.length).slice(0, 1);
	for (const name of turn(queries)) saved.push({ ...without(all, queries), [name]: all[name] });
	for (const name of turn([...paths, ...Object.keys(action.body)])) saved.push(without(all, [name]));
	if (queries.includes('$select')) saved.push({ ...all, $select: '["Id"]' });
	const different = [...new Map(saved.map((values) => [JSON.stringify(values), values])).values()];
	return [...different.map((values) => [values, values]), ...(at % 4 === 0 ? [[asExpressions(all), all]] : [])];
}

/** What the form of an operation has, as it shows it. */
function labels({ now, resource, name }) {
	if (!now) return [];
	const properties = description.properties.filter(({ type }) => type !== 'hidden');
	const shown = properties.flatMap(({ displayName, options = [] }) => [displayName, ...options.map(({ displayName }) => displayName)]);
	// A field of an object stands behind the object's name.
	const offered = ['fields', 'arguments'].flatMap((part) => formFields(now.resource, now.value, part).map(({ displayName }) => displayName.replace(/( \(|: ).*/, '')));
	return [...shown, ...offered].filter(Boolean);
}

test('what was saved with any of 462 actions is sent as it was, or refused by a name that the form shows', async () => {
	assert.equal(actions.length, 462);
	let unchanged = 0;
	const wrong = [];
	for (const [at, action] of actions.entries()) {
		let isRun = false;
		const known = labels(action);
		for (const [saved, meant] of ways(action, at)) {
			const node = opened(action, saved);
			const { requests, error, hints } = await run(node, action.now);
			const told = `${action.resource}: ${action.name} ${JSON.stringify(saved)}`;
			if (requests.length === 0) {
				const text = [...issues(node), error?.message, error?.description].join(' ');
				const isMoved = successors[action.resource][action.name] && text.includes('It is now');
				if (!isMoved && !known.some((label) => text.includes(label))) wrong.push(`${told}: ${text}`);
			} else if (requests.length > 1 || !isSame(request(action, meant), requests[0], Object.keys(saved).length === 0)) {
				const [{ method, url, body, guard }] = requests;
				wrong.push(`${told}: ${method} ${decodeURIComponent(url.pathname + url.search)} ${JSON.stringify(body)} ${guard} for ${JSON.stringify(request(action, meant))}`);
			} else {
				isRun ||= issues(node).length === 0;
				if (action.query.length && saved.$filter) assert.ok(hints.join().includes('earlier node'), told);
			}
		}
		unchanged += isRun;
	}
	assert.equal(wrong.slice(0, 40).join('\n'), '', `${wrong.length} differ`);
	// Readings, and actions without a key or a body; the others' keys and bodies have new fields, which are required.
	assert.ok(unchanged > 180, `${unchanged} actions run unchanged`);
});
