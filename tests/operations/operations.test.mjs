// Every operation of the definition, sent by the built module to the simulator: with as little as it takes, with
// everything that its form offers, and with its whole body as JSON. Keeps docs/operations.md.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { current, operations, resources, types, version } from '../../scripts/lib/definition.mjs';
import { Simulator, client } from '../../scripts/lib/simulator.mjs';
import { asJson, full, knownKeys, locators, minimal, row } from './samples.mjs';

const require = createRequire(import.meta.url);
const { execute } = require('../../dist/portable/index.js');
const original = JSON.parse(readFileSync(new URL('original.json', import.meta.url)));
const page = new URL('../../docs/operations.md', import.meta.url);

const NEWEST = `${version}.1`;
const OWN = ['Send Request', 'Upload Custom Prompt'];
let pbx;
let credentials;
/** Which tests sent an operation: by resource and value. */
const sent = new Map();

before(async () => {
	pbx = await Simulator.start('--build', NEWEST, '--personal', 'true', '--static-token', 'ready');
	credentials = { baseUrl: pbx.address, accessToken: 'ready' };
	for (const { resource, value, set } of operations) {
		if (!set || knownKeys.has(set)) continue;
		const { label } = locators.get(set);
		if (!label) {
			knownKeys.set(set, 'Name 1');
			continue;
		}
		const choices = await execute([row], credentials, { resource, operation: value, choices: true });
		assert.ok(choices[0].json.value, `${set}: ${JSON.stringify(choices[0].json)}`);
		const { json } = choices.find(({ json }) => json.value === '1') ?? choices[0];
		knownKeys.set(set, json.value);
	}
});
after(() => pbx.stop());

async function send(operation, parameters) {
	const { resource, value, last } = operation;
	await pbx.reset();
	if (last) await pbx.switches({ build: `${last.replace(/[a-z]$/, '')}.1` });
	return await execute([row], credentials, { resource, operation: value, parameters });
}

const secretNames = new Set(
	Object.values(types).flatMap(({ fields }) => fields.filter(({ secret }) => secret).map(({ name }) => name)),
);

/** Secrets of a record that can be read. */
function shownSecrets(value) {
	if (typeof value !== 'object' || value === null) return [];
	return Object.entries(value).flatMap(([name, inner]) => {
		const isOpen = secretNames.has(name) && inner !== null && typeof inner !== 'boolean';
		return isOpen && !/^\*{4}/.test(inner) ? [name] : shownSecrets(inner);
	});
}

function check(operation, items, variant) {
	const { resource, value, answer } = operation;
	const told = `${resource}, ${value}, ${variant}`;
	for (const { json, binary } of items) {
		assert.equal(json.error, undefined, `${told}: ${JSON.stringify(json)}`);
		const { kind } = answer;
		if (kind === 'deleted') assert.deepEqual(json, { deleted: true }, told);
		if (kind === 'none' && !operation.kind) assert.deepEqual(json, { success: true }, told);
		if (kind === 'value' && !OWN.includes(value)) assert.deepEqual(Object.keys(json), ['value'], told);
		if (kind === 'file' && variant !== 'full') {
			assert.ok(binary.data.data.length > 0 && json.fileName.includes('.') && json.size > 0, told);
		}
		if (['record', 'created', 'records'].includes(kind)) assert.ok(Object.keys(json).length > 0, told);
	}
	// Full forms have Simplify on: no secret is shown, however deep it lies.
	if (variant === 'full' && !operation.reveals) items.forEach(({ json }) => assert.deepEqual(shownSecrets(json), [], told));
	if (!['records', 'values', 'any'].includes(answer.kind)) assert.ok(items.length > 0, told);
	const key = `${resource}: ${value}`;
	sent.set(key, [...(sent.get(key) ?? []), variant]);
}

for (const [variant, make] of Object.entries({ minimal, full, JSON: asJson })) {
	test(`every operation is carried out (${variant})`, async () => {
		const failures = [];
		for (const operation of operations) {
			if (variant === 'JSON' && (!operation.body || operation.form)) continue;
			const items = await send(operation, make(operation));
			try {
				check(operation, items, variant);
			} catch ({ message }) {
				failures.push(message);
			}
		}
		assert.equal(failures.join('\n'), '');
	});
}

const nodes = new URL('../../dist/nodes/', import.meta.url);

/** Where a value differs from what its preview says, if it does. */
function difference(value, schema, place = '') {
	if (value === null || schema === undefined) return undefined;
	const type = Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;
	const expected = schema.type === 'number' && type === 'integer' ? 'integer' : schema.type;
	if (type !== expected) return `${place}: ${type} in place of ${schema.type}`;
	if (type === 'array') return value.map((entry) => difference(entry, schema.items, `${place}[]`)).find(Boolean);
	if (type !== 'object') return undefined;
	const names = Object.keys(value).filter((name) => name !== '@odata.etag');
	const promised = Object.keys(schema.properties);
	const others = names.filter((name) => !promised.includes(name));
	if (others.length > 0) return `${place}: ${others} in place of ${promised}`;
	return names.map((name) => difference(value[name], schema.properties[name], `${place}.${name}`)).find(Boolean);
}

test('what comes out of the form as it begins is what its preview says', async () => {
	const { Threecx } = require('../../dist/nodes/Threecx/Threecx.node.js');
	const folder = `v${new Threecx().description.defaultVersion}.0`;
	assert.deepEqual(readdirSync(new URL('Threecx/__schema__/', nodes)), [folder]);
	const differences = [];
	const compared = { whole: 0, partly: 0, without: 0 };
	for (const operation of operations) {
		const { resource, value } = operation;
		const file = new URL(`Threecx/__schema__/${folder}/${resource}/${value}.json`, nodes);
		const preview = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
		const { simplify, output, ...form } = minimal(operation);
		if (operation.kind === 'replaceGroupLicense') delete form.confirm;
		const items = await send(operation, form);
		// What the row brought along is its own, and lists of nothing compare with nothing.
		// Nor has a list of results that is empty anything to preview.
		const nothing = operation.partialFailures && items.every(({ json }) => json.success);
		const given = (nothing ? [] : items).map(({ json }) => Object.fromEntries(Object.entries(json).filter(([name]) => !(name in row.json))));
		differences.push(...given.map((json) => difference(json, preview, `${resource}, ${value}`)).filter(Boolean).slice(0, 1));
		const isWhole = given.some((json) => Object.keys(preview?.properties ?? {}).every((name) => name in json));
		compared[preview ? (isWhole ? 'whole' : 'partly') : 'without'] += 1;
	}
	assert.equal(differences.join('\n'), '');
	// The simulator makes new records of what was sent, and some by hand; without are those whose answer 3CX does not describe.
	assert.ok(compared.whole > 550 && compared.partly < 60 && compared.without < 20, JSON.stringify(compared));
});

test('what a resource offers of another is carried out under both', async () => {
	for (const { value: resource, offers } of resources.filter(({ offers }) => offers)) {
		for (const { value } of offers) {
			const home = operations.find((operation) => operation.value === value);
			assert.notEqual(home.resource, resource);
			const items = await send({ ...home, resource }, minimal(home));
			check(home, items, 'minimal');
		}
	}
});

test('older PBXs are asked by the path that they know, after one question for their version', async () => {
	for (const operation of operations.filter(({ older }) => older)) {
		await pbx.reset();
		await pbx.switches({ build: '20.0.7.1057' });
		const { resource, value, older } = operation;
		const items = await execute([row, row, row], credentials, { resource, operation: value, parameters: minimal(operation) });
		assert.deepEqual(items.map(({ json }) => json.error), [undefined, undefined, undefined]);
		const paths = (await pbx.log()).requests.map(({ path }) => path);
		assert.deepEqual(paths.filter((path) => path === '/xapi/v1/Defs').length, 1, value);
		const expected = `/xapi/v1${older.path.replace('{Number}', "'101'")}`;
		assert.equal(paths.filter((path) => path === expected).length, 3, `${value}: ${paths}`);
		sent.get(`${resource}: ${value}`)?.push('older path');
	}
});

test('docs/operations.md lists every operation, the original node\'s names, and what sent it', () => {
	const text = document();
	if (process.env.UPDATE_DOCS) writeFileSync(page, text);
	const hint = 'docs/operations.md is out of date: npm run docs';
	assert.ok(readFileSync(page, 'utf8') === text, hint);
});

/** Who may, where that is known to be few. */
const rights = { systemOwner: 'System Owner', user: 'a user' };

function document() {
	const successors = new Map();
	let covered = 0;
	let total = 0;
	for (const [resource, names] of Object.entries(original)) {
		for (const [name, now] of Object.entries(names)) {
			total += 1;
			const key = now ?? `${resource}: ${name}`;
			assert.ok(sent.get(key)?.includes('minimal'), `${resource}: ${name} is not covered by ${key}`);
			covered += 1;
			const told = now ? `${resource}: ${name}` : 'same';
			successors.set(key, [...(successors.get(key) ?? []), told]);
		}
	}
	const older = operations.filter(({ last }) => last);
	const paths = operations.filter(({ older }) => older);
	const known = current.length + older.length + paths.length;
	assert.deepEqual([current.length, known], [601, 638]);
	const lines = resources.flatMap(({ value: resource, name, operations, offers = [] }) => [
		`\n## ${name}\n`,
		'| operation | value | description | needs | destroys | call | original node | sent |',
		'|---|---|---|---|---|---|---|---|',
		...operations.map(({ name, value, description, needs, destroys, method, path, last, older }) => {
			const key = `${resource}: ${value}`;
			const variants = sent.get(key);
			assert.ok(variants, `${key} was not sent`);
			assert.ok(!older || variants.includes('older path'), `${key} was not sent to an older PBX`);
			const until = (last) => (last ? ` (up to ${last})` : '');
			const before = older ? `, \`${method} ${older.path}\`${until(older.last)}` : '';
			const call = `\`${method} ${path.replaceAll('|', '\\|')}\`${until(last)}${before}`;
			const right = needs ? rights[needs] : '';
			const words = `${name} | ${value} | ${description} | ${right} | ${destroys ? 'yes' : ''}`;
			return `| ${words} | ${call} | ${(successors.get(key) ?? []).join(', ')} | ${variants.join(', ')} |`;
		}),
		...offers.map(({ name, value }) => {
			const home = resources.find(({ operations }) => operations.some((one) => one.value === value));
			return `| ${name} | ${value} | The same as under ${home.name} | | | | | |`;
		}),
	]);
	return [
		'# Operations\n',
		'Made by `tests/operations/operations.test.mjs`, which sends every one of them through the built module.\n',
		`- ${known} operations of all versions of the API: ${current.length} of 3CX ${version}, ${older.length} that only older versions have, and`,
		`  ${paths.length} look-ups by number that older versions know by another path, which is taken by the PBX's version.`,
		`- ${covered} of the original node's ${total} actions: the same, or the successor that is named here.`,
		'- "needs": the role of the API client, where it is known that not every one will do; "a user": 3CX refuses API clients.',
		'- "destroys": something is gone afterwards that 3CX cannot bring back.',
		'- "sent": with as little as the operation takes, with everything that its form offers, with its whole body as JSON, to a PBX',
		'  that knows its older path only.',
		...lines,
		'',
	].join('\n');
}
