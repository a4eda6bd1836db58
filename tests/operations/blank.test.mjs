// What is left blank never makes a call wider, through the built module.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { operations } from '../../scripts/lib/definition.mjs';
import { BLANKS, blanks, refuser, sender } from './blank.mjs';
import { mapper, row } from './samples.mjs';

const { execute } = createRequire(import.meta.url)('../../dist/portable/index.js');
const credentials = { baseUrl: 'https://pbx.example.com', accessToken: 'any' };

const sent = sender({
	execute: ({ resource, value }, forms, answer) => {
		const fetch = async (url, { method, body: given }) => {
			const { status, body } = await answer({ url, method, body: given });
			return { status, headers: { get: () => null }, text: async () => body, arrayBuffer: async () => Buffer.from(body) };
		};
		const options = { resource, operation: value, parameters: (at) => forms[at], concurrency: 1, fetch };
		return execute(forms.map(() => row), credentials, options);
	},
});
const refuses = refuser(sent);

blanks(sent);

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
	forms.push(...BLANKS.map((blank) => ({ method: 'POST', path: '/Users/Pbx.NewAction', body: { x: 1, ids: blank } })));
	await refuses(custom, forms, 'custom');
	const meant = await sent(custom, [{ method: 'POST', path: '/Services/Pbx.RestartAll', everything: true }, { method: 'DELETE', path: '/Users(5)' }]);
	assert.ok(meant.every(({ request }) => request));
});

test('a cell that its row lacks, as n8n reads a sheet, is blank', async () => {
	const sheet = [{ Extension: '101', Number: '101', To: '+4930' }, { To: '+4931' }];
	const fields = {
		'Make Call': ({ Extension, To }) => ({ dn: Extension, destination: To }),
		'Delete Contacts By Type': ({ Number }) => ({ contactSource: 'CRM', number: Number }),
	};
	for (const [name, map] of Object.entries(fields)) {
		const operation = operations.find(({ value }) => value === name);
		const everything = operation.everything || undefined;
		await refuses(operation, [{ everything, fields: mapper(map(sheet[1])) }, { everything, bodyFrom: 'json', body: map(sheet[1]) }], name);
	}
	const update = operations.find(({ value }) => value === 'Update User');
	const user = { userId: '6', fields: mapper({ FirstName: 'Bob', Mobile: undefined }) };
	const bodies = (await sent(update, [user, { ...user, emptyValues: 'clear' }])).map(({ request }) => request.body);
	assert.deepEqual(bodies, [{ FirstName: 'Bob' }, { FirstName: 'Bob', Mobile: null }]);
	const calls = [];
	const fetch = async (_, { body }) => {
		calls.push(JSON.parse(body));
		return { status: 200, headers: { get: () => null }, text: async () => '{"FinalStatus":"Success"}' };
	};
	const rows = [{ json: { DN: '101', Destination: '+4930' } }, { json: { Destination: '+4931' } }];
	const automatic = { fields: { mappingMode: 'autoMapInputData', value: null } };
	const items = await execute(rows, credentials, { resource: 'Users', operation: 'Make Call', parameters: automatic, fetch });
	assert.deepEqual(calls, [{ dn: '101', destination: '+4930' }]);
	assert.equal(items[1].json.error, 'DN is empty');
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
			const whose = operation === update ? { userId: '5' } : {};
			await refuses(operation, forms.map((form) => ({ ...whose, ...form })), mask);
			for (const { refusal } of await sent(operation, [{ ...whose, ...forms[0] }])) {
				assert.equal(refusal.error, 'Authentication Password holds the stars that this node shows in place of a secret');
			}
		}
	}
});

test('a record that was read with masked secrets is updated without them, and made with none', async () => {
	const automatic = { fields: { mappingMode: 'autoMapInputData', value: null } };
	const rows = [{ json: { FirstName: 'Ann', AuthPassword: '********', VMPIN: '********' } }, { json: { AuthPassword: '********' } }];
	for (const [operation, whose, expected] of [['Update User', { userId: '5' }, [{ FirstName: 'Ann' }]], ['Create User', {}, []]]) {
		const bodies = [];
		const fetch = async (_, { body }) => {
			bodies.push(JSON.parse(body));
			return { status: 204, headers: { get: () => null }, text: async () => '' };
		};
		const hints = [];
		await execute(rows, credentials, { resource: 'Users', operation, parameters: { ...whose, ...automatic }, fetch, onHint: (text) => hints.push(text) });
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
