// What is read with masked secrets and sent back leaves the secrets as they are, for every resource that can be read and
// updated.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { operations, types, version } from '../../scripts/lib/definition.mjs';
import { Simulator } from '../../scripts/lib/simulator.mjs';
import { locators, minimal, row, sample } from './samples.mjs';

const require = createRequire(import.meta.url);
const { execute, formFields } = require('../../dist/portable/index.js');

let pbx;
let credentials;

before(async () => {
	pbx = await Simulator.start('--build', `${version}.1`, '--personal', 'true', '--static-token', 'ready');
	credentials = { baseUrl: pbx.address, accessToken: 'ready' };
});
after(() => pbx.stop());

const send = async ({ resource, value }, parameters, rows = [row]) => {
	const hints = [];
	const [{ json }] = await execute(rows, credentials, { resource, operation: value, parameters, onHint: (hint) => hints.push(hint) });
	return { json, hints };
};

/** Resources with a Get and an Update of the same record: settings, and entities by their keys. */
const pairs = operations
	.filter(({ method, last }) => method === 'PATCH' && !last)
	.map((update) => ({ update, get: operations.find(({ method, path, last }) => method === 'GET' && path === update.path && !last) }))
	.filter(({ get }) => get);

/** The key of an entity that the PBX has. */
async function key({ set, resource, value }) {
	if (!set) return {};
	const { parameter, label } = locators.get(set);
	if (!label) return { [parameter]: 'Name 1' };
	const choices = await execute([row], credentials, { resource, operation: value, choices: true });
	return { [parameter]: { __rl: true, mode: 'id', value: choices[0].json.value } };
}

/** A field that can be changed, with another value than the record has. */
function change({ update }, record) {
	const offered = new Set(formFields(update.resource, update.value, 'fields').map(({ id }) => id));
	const fields = types[update.body.type].fields.filter(({ name, secret, list, type }) => offered.has(name) && !secret && !list && !types[type]);
	const field = fields.find(({ type }) => type === 'boolean') ?? fields.find(({ name, type }) => type === 'string' && !/Id$|Number/.test(name)) ?? fields[0];
	if (!field) return undefined;
	return [field.name, field.type === 'boolean' ? !record[field.name] : sample(field)];
}

const isMask = (value) => JSON.stringify(value).includes('****');

test('Get, with what Simplify gives, all plain fields or everything, followed by Update changes what was meant and nothing else', async () => {
	let told = 0;
	let updated = 0;
	for (const pair of pairs) {
		const { get, update } = pair;
		const plain = types[update.body.type].fields.filter(({ type, navigation, secret }) => secret || (!types[type] && !navigation));
		for (const wanted of [{}, { select: plain.map(({ name }) => name) }, { simplify: false }]) {
			await pbx.reset();
			const whose = await key(get);
			const raw = async () => (await send(get, { ...whose, simplify: false })).json;
			const before = await raw();
			assert.equal(before.error, undefined, `${get.value}: ${before.error}`);
			const { json: read } = await send(get, { ...whose, ...wanted });
			const changed = change(pair, before);
			if (!changed) continue;
			const [name, value] = changed;
			const automatic = { ...whose, fields: { mappingMode: 'autoMapInputData', value: null } };
			const { json: answer, hints } = await send(update, automatic, [{ json: { ...read, [name]: value } }]);
			const after = await raw();
			const { requests } = await pbx.log();
			const patches = requests.filter(({ method }) => method === 'PATCH');
			for (const { body } of patches) assert.ok(!isMask(body), `${update.value}: ${JSON.stringify(body)}`);
			assert.equal(answer.error, undefined, `${update.value}: ${JSON.stringify(answer)}`);
			assert.equal(JSON.stringify(after[name]), JSON.stringify(value), `${update.value}, ${name}`);
			assert.deepEqual({ ...after, [name]: 0 }, { ...before, [name]: 0 }, update.value);
			updated += 1;
			if (hints.some((hint) => hint.includes('secrets that this node has masked'))) told += 1;
		}
	}
	assert.ok(updated > 2.5 * pairs.length && told >= 8, `${updated} updates of ${pairs.length} resources, ${told} without masked secrets`);
});

/** How an answer may repeat a secret. */
const shapes = (secret) => {
	const each = (write) => [...secret].map(write).join('');
	return [
		secret,
		secret.toLowerCase(),
		secret.replaceAll('-', ''),
		secret.replaceAll('-', ' '),
		each((c) => `${c} `),
		each((c) => `%${c.charCodeAt(0).toString(16)}`),
		each((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
	];
};

test('no row shows the secrets of another one, whatever the answer repeats, for every operation that takes one', async () => {
	const secretOf = (row) => `Zq${row}-Pw7x-Kd${row}v`;
	const leaks = /zq\d.?pw7x|pw7x.?kd|kd\dv/i;
	const masked = operations.filter(({ method, body, last, kind }) => method !== 'GET' && !last && kind !== 'ReplaceGroupLicense' && types[body?.type]?.fields.some(({ secret, list, type }) => secret && !list && type === 'string'));
	assert.ok(masked.length >= 8, `${masked.length} operations`);
	let found = 0;
	for (const { resource, value, set, body } of masked) {
		const { name } = types[body.type].fields.find(({ secret, list, type }) => secret && !list && type === 'string');
		const whose = set && locators.has(set) ? { [locators.get(set).parameter]: 5 } : {};
		for (const status of [400, 403, 500]) {
			let sent = 0;
			const fetch = async (url, { method }) => {
				if (method === 'GET') return { status: 200, headers: { get: () => null }, text: async () => '{}' };
				const answered = sent++;
				// The first answer repeats its own row's, the others those of all rows before.
				const said = shapes(secretOf(0)).concat(shapes(secretOf(answered))).join('; ');
				return { status, headers: { get: () => null }, text: async () => JSON.stringify({ error: { code: '', message: `Taken: ${said}` } }) };
			};
			const parameters = (at) => ({ ...whose, bodyFrom: 'json', body: { [name]: secretOf(at) } });
			const hints = [];
			const out = await execute([row, row, row], { baseUrl: 'https://pbx.example.com', accessToken: 't' }, { resource, operation: value, parameters, fetch, onHint: (hint) => hints.push(hint) });
			const shown = JSON.stringify([out, hints]);
			assert.ok(!leaks.test(shown), `${resource}, ${value}, ${name}: ${shown}`);
			if (sent > 0 && status === 400) assert.match(out.at(-1).json.error, /\*\*\*\*/, `${value}: ${shown}`);
			found += Number(sent > 1);
		}
	}
	assert.ok(found >= 8, `${found} operations sent more than one row`);
});

test('a license key in a column of numbers, names or IDs goes into no address, for every operation', async () => {
	let refused = 0;
	const licenseKey = '8SGW-ABCD-EFGH-1234';
	const needle = /8sgw.{0,3}abcd/i;
	for (const operation of operations.filter(({ kind }) => kind !== 'ReplaceGroupLicense')) {
		const { resource, value, set, form, parameters: named = [], query = [] } = operation;
		const own = set && !form ? locators.get(set).parameter : undefined;
		const fields = Object.fromEntries(named.slice(own ? 1 : 0).map((field) => [field.name, field.type === 'string' ? licenseKey : sample(field)]));
		const isOwn = value === 'Send Request';
		const whole = { ...minimal(operation), ...(isOwn && { path: `/Groups('${licenseKey}')` }) };
		const forms = [
			...['id', 'number', 'list'].filter(() => own).map((mode) => ({ ...whole, [own]: { __rl: true, mode, value: licenseKey } })),
			...(Object.keys(fields).length ? [{ ...whole, ...('Number' in fields && { Number: licenseKey }), arguments: { mappingMode: 'defineBelow', value: fields } }] : []),
			...['search', 'filter', 'orderby', 'select'].filter((name) => query.includes(name === 'select' ? name : 'page')).map((name) => ({ ...whole, [name]: `x ${licenseKey}` })),
			...(isOwn ? [whole, { ...whole, path: '/Groups', query: { parameter: [{ name: 'x', value: licenseKey }] } }] : []),
		];
		for (const parameters of forms) {
			const urls = [];
			const fetch = async (url) => {
				urls.push(decodeURIComponent(url));
				return { status: 400, headers: { get: () => null }, text: async () => '{}' };
			};
			const hints = [];
			const [item] = await execute([row], { baseUrl: 'https://pbx.example.com', accessToken: 't' }, { resource, operation: value, parameters, fetch, onHint: (hint) => hints.push(hint) });
			const shown = JSON.stringify([urls, item, hints]);
			assert.ok(!needle.test(shown), `${resource}, ${value}: ${shown}`);
			refused += Number(item.json.details?.code === 'MISPLACED_LICENSE_KEY');
		}
	}
	assert.ok(refused > 1000, `${refused} refused`);
});
