// The same from n8n's command line, with rows read from a file by n8n's own nodes.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { N8n } from '../../scripts/lib/n8n.mjs';
import { client, Simulator } from '../../scripts/lib/simulator.mjs';
import { flagship, key, workflow } from './support.mjs';

const credential = { id: 'threecx', name: '3CX' };
const ready = { id: 'ready', name: '3CX, a token that is ready' };
const TOKEN = 'CANARY-STATIC-TOKEN';
const columns = { ...flagship, rowsFrom: 'columns' };
const runs = {
	branches: { parameters: columns, onError: 'continueErrorOutput' },
	stop: { parameters: { ...columns, options: { requestsAtOnce: 1 } } },
	dry: { parameters: { ...columns, options: { dryRun: true } }, onError: 'continueErrorOutput' },
	earlier: {
		parameters: { ...flagship, groupId: '={{ $json.groupId }}', licenseKey: '={{ $json.licenseKey }}' },
		onError: 'continueErrorOutput',
	},
	ready: { parameters: columns, onError: 'continueErrorOutput', credentials: { threecxApi: ready } },
};
let n8n;
let simulator;

before(async () => {
	simulator = await Simulator.start('--static-token', TOKEN);
	n8n = await N8n.create();
	const file = join(n8n.files, 'rows.csv');
	const rows = [['28', key(0)], ['GRP0001', key(1)], ['31', key(2, '0000-KEYX')], ['34', key(3)]];
	writeFileSync(file, ['groupId,licenseKey', ...rows.map((row) => row.join())].join('\n'));
	const workflows = Object.entries(runs).map(([id, own]) => {
		const made = workflow({ rows: [], credentials: { threecxOAuth2Api: credential }, ...own });
		const [start, extract, node] = made.nodes;
		const read = { ...extract, id: 'file', name: 'File', type: 'n8n-nodes-base.readWriteFile' };
		read.parameters = { operation: 'read', fileSelector: file, options: {} };
		Object.assign(extract, { type: 'n8n-nodes-base.extractFromFile', parameters: { operation: 'csv', options: {} } });
		const to = (name) => ({ main: [[{ node: name, type: 'main', index: 0 }]] });
		const connections = { Start: to('File'), File: to('Rows'), Rows: to('3CX') };
		return { ...made, id, nodes: [start, read, extract, node], connections, pinData: {}, active: false };
	});
	const data = { baseUrl: simulator.address, ...client };
	const stored = [
		{ ...credential, type: 'threecxOAuth2Api', data },
		{ ...ready, type: 'threecxApi', data: { baseUrl: simulator.address, accessToken: TOKEN } },
	];
	await n8n.import({ credentials: stored, workflows });
});

after(async () => {
	await n8n?.remove();
	await simulator?.stop();
});

const groups = async () => (await simulator.ledger()).map(({ group_id }) => group_id).toSorted();

test('success and error branch, and a token that dies half-way', async () => {
	await simulator.faults({ match: { path_contains: 'ReplaceGroup' }, skip: 1, fault: { kind: 'expire_token' } });
	const run = await n8n.execute('branches');
	assert.deepEqual(run.json('3CX', 0).map(({ groupId }) => groupId), [28, 29, 34]);
	assert.deepEqual(run.json('3CX', 1).map(({ groupId, details }) => [groupId, details.row]), [['31', 3]]);
	assert.deepEqual(await groups(), [28, 29, 34]);
	const logIns = (await simulator.log()).requests.filter(({ path }) => path === '/connect/token');
	assert.equal(logIns.length, 2, 'the first token, and one renewal');
});

test('stop on error', async () => {
	await simulator.reset();
	const run = await n8n.execute('stop');
	assert.match(run.error.message, /^Row 3: 3CX refused the request \(400\)/);
	assert.deepEqual(await groups(), [28, 29]);
});

test('dry run', async () => {
	await simulator.reset();
	const run = await n8n.execute('dry');
	assert.equal(run.json('3CX', 0).filter(({ dryRun }) => dryRun).length, 4, 'only 3CX can tell that a key is unknown');
	assert.deepEqual(await simulator.replacements(), []);
});

test('a saved workflow of the earlier node', async () => {
	await simulator.reset();
	const run = await n8n.execute('earlier');
	assert.deepEqual(run.json('3CX', 0).map(({ groupId }) => groupId), [28, 29, 34]);
});

test('through a proxy; one that cannot be reached is named, and nothing was sent', async () => {
	await simulator.reset();
	const asked = [];
	const proxy = createServer((from, to) => {
		asked.push(from.url);
		const on = request(from.url, { method: from.method, headers: from.headers }, (answer) => {
			to.writeHead(answer.statusCode, answer.headers);
			answer.pipe(to);
		});
		from.pipe(on);
	});
	proxy.unref();
	await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
	const env = { HTTP_PROXY: `http://127.0.0.1:${proxy.address().port}`, HTTPS_PROXY: '', NO_PROXY: '' };
	const run = await n8n.execute('ready', { env });
	assert.deepEqual(run.json('3CX', 0).map(({ groupId }) => groupId), [28, 29, 34]);
	assert.deepEqual(await groups(), [28, 29, 34]);
	const { requests } = await simulator.log();
	assert.deepEqual(asked.map((url) => url.split('?')[0]), requests.map(({ path }) => simulator.address + path));
	await new Promise((resolve) => proxy.close(resolve));
	await simulator.reset();
	for (const id of ['ready', 'branches']) {
		const dead = await n8n.execute(id, { env });
		const told = dead.json('3CX', 1);
		assert.equal(told.length, 4, id);
		for (const { error, message, details } of told) {
			assert.equal(details.outcome, 'notSent');
			assert.match(`${message} ${error}`, /The proxy on the way to the PBX cannot be reached/);
		}
	}
	assert.deepEqual((await simulator.log()).requests, []);
});
