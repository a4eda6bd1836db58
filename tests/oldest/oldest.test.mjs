// The packed node in the oldest n8n that it works with, against the simulator: what that n8n does otherwise than a new one.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { oldest } from '../../scripts/lib/install.mjs';
import { N8n } from '../../scripts/lib/n8n.mjs';
import { root, stop } from '../../scripts/lib/run.mjs';
import { client, Simulator } from '../../scripts/lib/simulator.mjs';
import { answersThroughAKill } from '../n8n/calling.mjs';
import { flagship, key, rowsOf, shown, workflow } from '../n8n/support.mjs';

const TOKEN = 'CANARY-STATIC-TOKEN';
const columns = { ...flagship, rowsFrom: 'columns' };

let n8n;
let simulator;
let credentials;

before(async () => {
	simulator = await Simulator.start('--static-token', TOKEN);
	n8n = await N8n.create(oldest);
	await n8n.serve();
	credentials = {
		threecxOAuth2Api: await n8n.credential('threecxOAuth2Api', { baseUrl: simulator.address, ...client }),
		threecxApi: await n8n.credential('threecxApi', { baseUrl: simulator.address, accessToken: TOKEN }),
	};
});

after(async () => {
	await n8n?.remove();
	await simulator?.stop();
});

beforeEach(() => simulator.reset());

const run = (rows, { parameters = columns, onError = 'continueErrorOutput', type = 'threecxOAuth2Api' } = {}) =>
	n8n.runWorkflow(workflow({ rows, parameters, onError, credentials: { [type]: credentials[type] } }));

for (const type of ['threecxOAuth2Api', 'threecxApi']) {
	test(`${type}: each row goes to its branch, and failed rows keep their own columns`, async () => {
		const rows = [
			{ ...rowsOf(1)[0], customer: 'A' },
			{ groupId: 'GRP0999', licenseKey: key(3), customer: 'B' },
			{ groupId: 35, licenseKey: key(5, '0000-KEYX'), customer: 'C' },
			{ groupId: 29, licenseKey: key(6), customer: 'D' },
		];
		const execution = await run(rows, { type });
		const told = (output) => execution.items('3CX', output).map(({ pairedItem }) => pairedItem.item);
		assert.deepEqual([told(0), told(1)], [[0, 3], [1, 2]]);
		assert.deepEqual(execution.json('3CX', 0).map((row) => [row.groupNumber, row.changed]), [['GRP0000', true], ['GRP0001', true]]);
		assert.deepEqual(execution.json('3CX', 1).map((row) => [row.customer, row.details.outcome, row.details.code]), [
			['B', 'notSent', 'UNKNOWN_GROUP'],
			['C', 'refused', 'WARNINGS.LICENSE_NOT_FOUND'],
		]);
		assert.ok(execution.json('3CX', 1).every((row) => row.message.length > 15));
		assert.deepEqual((await simulator.ledger()).map((entry) => entry.licenseKey).toSorted(), [key(0), key(6)]);
		for (const { licenseKey } of rows) assert.ok(!shown(execution).includes(licenseKey));
	});
}

test('a workflow with a resource that this version does not know can be opened', () => {
	const require = createRequire(join(oldest.folder, 'package.json'));
	const { NodeHelpers } = require('n8n-workflow');
	const properties = JSON.parse(readFileSync(join(root, 'dist/nodes/Threecx/properties.json'), 'utf8'));
	for (const given of [{ resource: 'Unknown', operation: 'List Unknown' }, { resource: 'Unknown' }, {}]) {
		const parameters = NodeHelpers.getNodeParameters(properties, given, true, false, { typeVersion: 1 });
		assert.equal(parameters.resource, given.resource ?? 'Groups');
	}
});

test('failed rows stay in their place on the one output, or fail the run', async () => {
	const rows = [...rowsOf(1), { groupId: 999, licenseKey: key(2) }, { groupId: 31, licenseKey: key(3) }];
	const goesOn = await run(rows, { onError: 'continueRegularOutput' });
	assert.deepEqual(goesOn.json('3CX').map((row) => row.success ?? row.details.outcome), [true, 'notSent', true]);
	await simulator.reset();
	const stops = await run(rows, { onError: 'stopWorkflow', parameters: { ...columns, options: { requestsAtOnce: 1 } } });
	assert.match(stops.error.message, /^Row 2: No group on this PBX has the ID or number 999/);
	assert.match(stops.error.description, /Done before the stop: row/);
	assert.deepEqual((await simulator.ledger()).map((entry) => entry.group_id), [28]);
});

test('a token that dies half-way is renewed once, and every key is applied once', async () => {
	const rows = rowsOf(10);
	await run(rowsOf(1), { parameters: { ...columns, options: { dryRun: true } } });
	await simulator.faults({ match: { path_contains: 'ReplaceGroup' }, skip: 4, fault: { kind: 'expire_token' } });
	const before = (await simulator.log()).log_ins.ok;
	const execution = await run(rows);
	assert.equal(execution.json('3CX', 0).length, 10, JSON.stringify(execution.json('3CX', 1)));
	assert.deepEqual((await simulator.ledger()).map((entry) => entry.licenseKey).toSorted(), rows.map((row) => row.licenseKey));
	const { requests, log_ins } = await simulator.log();
	const renewals = requests.slice(requests.findIndex(({ fault }) => fault === 'expire_token'));
	assert.equal(renewals.filter(({ path }) => path === '/connect/token').length, 1, `${before}, then ${log_ins.ok}`);
});

test('lists, and files', async () => {
	await simulator.switches({ groups: 230 });
	const all = await run([{}], { parameters: { resource: 'Groups', operation: 'List Group', returnAll: true } });
	assert.equal(new Set(all.json('3CX').map((group) => group.Id)).size, 231);
	const one = await run([{}], { parameters: { resource: 'Groups', operation: 'Get Group', groupId: { __rl: true, mode: 'number', value: 'GRP0002' } } });
	assert.equal(one.json('3CX')[0]?.Id, 31);
	const recording = { resource: 'Recordings', operation: 'Download Recording', arguments: { mappingMode: 'defineBelow', value: { recId: 3 } } };
	const [file] = (await run([{}], { parameters: recording })).items('3CX');
	assert.deepEqual([file.json.size, file.binary?.data.mimeType], [1644, 'audio/x-wav']);
});

test('the test button logs in, and takes the token nowhere else', async () => {
	const elsewhere = await Simulator.start();
	try {
		for (const [type, credential] of Object.entries(credentials)) {
			assert.equal((await n8n.testCredential(credential, type)).status, 'OK', type);
			const location = `${elsewhere.address}/xapi/v1/Defs`;
			await simulator.faults({ match: { path_contains: 'Defs' }, times: null, fault: { kind: 'redirect', location } });
			assert.equal((await n8n.testCredential(credential, type)).status, 'Error', type);
			await simulator.reset();
		}
		assert.deepEqual((await elsewhere.log()).requests, []);
	} finally {
		await elsewhere.stop();
	}
});

test('calls start a workflow and lookups are answered, also after that n8n was killed', async () => {
	await answersThroughAKill(n8n, simulator, async () => {
		await stop(n8n.server, 'SIGKILL');
		await n8n.start();
	});
});
