// The packed node in a real n8n against the simulator.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { N8n } from '../../scripts/lib/n8n.mjs';
import { root, until } from '../../scripts/lib/run.mjs';
import { client, Simulator } from '../../scripts/lib/simulator.mjs';
import { flagship, ids, key, rowsOf, shown, workflow } from './support.mjs';

const columns = { ...flagship, rowsFrom: 'columns' };
const fields = { ...flagship, groupId: '={{ $json.groupId }}', licenseKey: '={{ $json.licenseKey }}' };

let n8n;
let simulator;
let oAuth2;

before(async () => {
	simulator = await Simulator.start('--static-token', 'CANARY-STATIC-TOKEN');
	n8n = await N8n.create();
	await n8n.serve({ env: { N8N_LOG_LEVEL: 'debug' } });
	oAuth2 = { threecxOAuth2Api: await n8n.credential('threecxOAuth2Api', { baseUrl: simulator.address, ...client }) };
});

after(async () => {
	await n8n?.remove();
	await simulator?.stop();
});

beforeEach(() => simulator.reset());

const runRows = (rows, parameters = columns, onError = 'continueErrorOutput', credentials = oAuth2) =>
	n8n.runWorkflow(workflow({ rows, parameters, onError, credentials }));

/** Every row came out once, on one of the outputs, under its own number. */
function assertAllRows(execution, rows) {
	const out = [...execution.items('3CX', 0), ...execution.items('3CX', 1)];
	const numbers = out.map((item) => item.pairedItem.item).sort((a, b) => a - b);
	assert.deepEqual(numbers, rows.map((_, row) => row));
	for (const output of [0, 1]) {
		const order = execution.items('3CX', output).map((item) => item.pairedItem.item);
		assert.deepEqual(order, order.toSorted((a, b) => a - b), 'in input order');
	}
}

describe('replacing license keys', () => {
	test('each row goes to its branch, and failed rows keep their own columns', async () => {
		const rows = [
			...rowsOf(3).map((row) => ({ ...row, customer: 'A' })),
			{ groupId: 'GRP0999', licenseKey: key(3), customer: 'B' },
			{ groupId: 34, licenseKey: '', customer: 'C' },
			{ groupId: 35, licenseKey: key(5, '0000-KEYX'), customer: 'D' },
			{ groupId: 28, licenseKey: key(6), customer: 'E' },
		];
		const execution = await runRows(rows);
		assertAllRows(execution, rows);
		const done = execution.json('3CX', 0);
		assert.deepEqual(done.map((row) => [row.success, row.groupId, row.groupNumber, row.changed]), [
			[true, 28, 'GRP0000', true],
			[true, 29, 'GRP0001', true],
			[true, 31, 'GRP0002', true],
			[true, 28, 'GRP0000', true],
		]);
		assert.equal(done[0].licenseKey, '****-****-****-1000');
		assert.ok(done[0].subscription);
		assert.equal(done[3].previousSubscription, done[0].subscription, 'what was read between two rows of one group');
		const failed = execution.json('3CX', 1);
		assert.deepEqual(failed.map((row) => [row.customer, row.details.outcome, row.details.code]), [
			['B', 'notSent', 'UNKNOWN_GROUP'],
			['C', 'notSent', 'EMPTY_CELL'],
			['D', 'refused', 'WARNINGS.LICENSE_NOT_FOUND'],
		]);
		assert.equal(new Set(failed.map((row) => row.error)).size, 3);
		assert.match(execution.hints('3CX').join(), /same group appears with different license keys: rows 1 and 7/);
		const applied = (await simulator.ledger()).map((entry) => [entry.group_id, entry.licenseKey]);
		assert.deepEqual(applied.toSorted(), [[28, key(0)], [29, key(1)], [31, key(2)], [28, key(6)]].toSorted());
	});

	test('fields with expressions, as a workflow of the earlier node saved them', async () => {
		const rows = [{ groupId: '29', licenseKey: key(0) }, { groupId: 'GRP0002', licenseKey: key(1) }];
		const execution = await runRows(rows, fields);
		assert.deepEqual(execution.json('3CX', 0).map((row) => row.groupId), [29, 31]);
		assert.deepEqual((await simulator.ledger()).map((entry) => entry.licenseKey).toSorted(), [key(0), key(1)]);
	});

	test('the locator by list, by ID and by number', async () => {
		for (const [mode, value, expected] of [['list', '34', 34], ['id', '35.0', 35], ['id', 'GRP0001', 29], ['number', 'GRP0005', 37]]) {
			const groupId = { __rl: true, mode, value };
			const execution = await runRows([{}], { ...flagship, groupId, licenseKey: key(expected) });
			assert.equal(execution.json('3CX', 0)[0]?.groupId, expected, mode);
		}
	});

	test('continue: failed rows stay in their place on the one output', async () => {
		const rows = [...rowsOf(2), { groupId: 999, licenseKey: key(2) }, { groupId: 31, licenseKey: key(3) }];
		const execution = await runRows(rows, columns, 'continueRegularOutput');
		const out = execution.json('3CX');
		assert.equal(out.length, 4);
		assert.equal(out[2].error, 'No group on this PBX has the ID or number 999');
		assert.equal(out[2].details.group, '999');
		assert.ok(out[3].success);
	});

	test('stop on error: the run fails, says which row and what was done before', async () => {
		const rows = [...rowsOf(2), { groupId: 31, licenseKey: key(2, '0000-KEYX') }, { groupId: 34, licenseKey: key(3) }];
		const parameters = { ...columns, options: { requestsAtOnce: 1 } };
		const execution = await runRows(rows, parameters, 'stopWorkflow');
		assert.match(execution.error.message, /^Row 3: 3CX refused the request \(400\)/);
		assert.match(execution.error.description, /Check the key letter by letter.*Done before the stop: rows 1-2\./s);
		assert.equal(execution.error.context.itemIndex, 2);
		assert.deepEqual((await simulator.ledger()).map((entry) => entry.group_id), [28, 29]);
	});

	test('dry run sends nothing and tells what would happen', async () => {
		const rows = [...rowsOf(2), { groupId: 'GRP0999', licenseKey: key(2) }, { groupId: 28, licenseKey: key(3) }];
		// As the form has it, and as workflows have it that were saved before.
		for (const dry of [{ isDryRun: true }, { options: { dryRun: true } }, { isDryRun: false, options: { dryRun: true } }]) {
			const execution = await runRows(rows, { ...columns, ...dry });
			assert.deepEqual(execution.json('3CX', 0).map((row) => [row.wouldSend, row.wouldSendGroupAs, row.success]), [
				[true, '28', undefined],
				[true, '29', undefined],
				[true, '28', undefined],
			]);
			assert.match(execution.json('3CX', 0)[0].warnings.join(), /Row 4 is for the same group, with another key/);
			assert.equal(execution.json('3CX', 1).length, 1);
			assert.deepEqual(await simulator.replacements(), []);
		}
		const stops = await runRows(rows, { ...columns, isDryRun: true }, 'stopWorkflow');
		assert.equal(stops.error, undefined);
		assert.deepEqual(stops.json('3CX').map(({ wouldSend, details }) => wouldSend ?? details.code), [true, true, 'UNKNOWN_GROUP', true]);
	});

	test('a token that dies half-way is renewed once, and every key is applied once', async () => {
		const rows = rowsOf(10);
		await simulator.faults({ match: { path_contains: 'ReplaceGroup' }, skip: 4, fault: { kind: 'expire_token' } });
		const loggedInBefore = (await simulator.log()).log_ins.ok;
		const execution = await runRows(rows);
		assertAllRows(execution, rows);
		assert.equal(execution.json('3CX', 0).length, 10);
		assert.deepEqual((await simulator.ledger()).map((entry) => entry.licenseKey).toSorted(), rows.map((row) => row.licenseKey));
		const { requests } = await simulator.log();
		const renewals = requests.slice(requests.findIndex(({ fault }) => fault === 'expire_token'));
		assert.equal(renewals.filter(({ path }) => path === '/connect/token').length, 1, `${loggedInBefore}`);
	});

	test('send group as number', async () => {
		await simulator.switches({ group_id_kind: 'number' });
		const asId = await runRows(rowsOf(1));
		assert.match(asId.json('3CX', 1)[0].message, /Send Group As/);
		const asNumber = await runRows(rowsOf(1), { ...columns, options: { sendGroupAs: 'number' } });
		assert.equal(asNumber.json('3CX', 0)[0]?.changed, true);
	});
});

describe('whatever happens, no row is lost and no key is applied twice', () => {
	const replace = { path_contains: 'ReplaceGroup' };
	const faults = {
		'too many requests': { kind: 'too_many_requests', retry_after: 1 },
		unavailable: { kind: 'unavailable' },
		'gateway timeout after it was done': { kind: 'gateway_timeout', acted: true },
		'server error': { kind: 'server_error' },
		'unauthorized': { kind: 'unauthorized' },
		forbidden: { kind: 'forbidden' },
		'a web page': { kind: 'html_ok' },
		'an empty 200': { kind: 'empty_ok', acted: true },
		'bad JSON': { kind: 'bad_json' },
		'reset before': { kind: 'reset', acted: false },
		'reset after': { kind: 'reset', acted: true },
		'cut body': { kind: 'cut_body', acted: true },
		'too slow': { kind: 'slow', ms: 3_600_000, acted_first: true },
		redirect: { kind: 'redirect', location: 'https://elsewhere.example.com/xapi/v1/Groups?token=1' },
	};
	for (const [name, fault] of Object.entries(faults)) {
		test(name, async () => {
			const rows = rowsOf(8);
			await simulator.faults({ match: replace, skip: 2, times: 2, fault });
			const execution = await runRows(rows, { ...columns, options: { timeout: 5000 } });
			assertAllRows(execution, rows);
			const applied = (await simulator.ledger()).map((entry) => entry.licenseKey);
			assert.equal(new Set(applied).size, applied.length, 'applied once');
			for (const item of execution.items('3CX', 0)) {
				assert.ok(applied.includes(rows[item.pairedItem.item].licenseKey), 'reported as done, so it is');
			}
			for (const { details } of execution.json('3CX', 1)) {
				const isApplied = applied.includes(rows[details.row - 1].licenseKey);
				assert.ok(details.outcome === 'unknown' || !isApplied, 'reported as not done, so it is not');
				if (details.outcome === 'unknown') assert.equal(details.changed, isApplied, 'the second reading tells');
			}
		});
	}

	test('the PBX restarts: few rows are lost to it, the others wait', async () => {
		const rows = rowsOf(10);
		await simulator.switches({ latency_ms: 300 });
		const running = runRows(rows, { ...columns, options: { requestsAtOnce: 1 } });
		await until(async () => (await simulator.ledger()).length >= 2);
		await simulator.outage(1000);
		const execution = await running;
		assertAllRows(execution, rows);
		const unknown = execution.json('3CX', 1);
		assert.ok(unknown.length >= 1 && unknown.length <= 4, `${unknown.length} rows met the restart`);
		assert.ok(unknown.every(({ details }) => details.outcome === 'unknown'));
	});

	test("n8n's Stop: nothing more is sent, and the log says how far it came, as n8n keeps no items", async () => {
		const before = n8n.log.length;
		await simulator.switches({ latency_ms: 500 });
		const parameters = { ...columns, options: { requestsAtOnce: 2 } };
		const rows = rowsOf(10);
		const id = await n8n.startWorkflow(workflow({ rows, parameters, credentials: oAuth2 }));
		await until(async () => (await simulator.replacements()).length >= 3);
		await n8n.rest('POST', `/executions/${id}/stop`);
		const sent = async () => {
			const keys = (await simulator.replacements()).map(({ body }) => body.licenseKey);
			return rows.filter(({ licenseKey }) => keys.includes(licenseKey)).length;
		};
		const atStop = await sent();
		assert.ok(atStop < 10, `${atStop} of 10 rows were sent`);
		await until(() => /3CX: Done before the stop: rows? 1/.test(n8n.log.slice(before)), 'The log does not say what was done');
		assert.match(n8n.log.slice(before), /3CX: The outcome of (row|\d+ rows)/);
		// Another run, which takes as long as the rest of this one would have.
		const others = ids.map((groupId, row) => ({ groupId, licenseKey: key(row + 50) }));
		assert.equal((await runRows(others, parameters)).json('3CX', 0).length, 10);
		assert.ok((await sent()) <= atStop + 2, 'but for two that were on their way');
	});

	test('nobody answers', async () => {
		const data = { baseUrl: 'http://127.0.0.1:9', accessToken: 'CANARY-STATIC-TOKEN' };
		const credentials = { threecxApi: await n8n.credential('threecxApi', data, 'Nobody') };
		const execution = await runRows(rowsOf(3), columns, 'continueErrorOutput', credentials);
		assert.equal(execution.json('3CX', 1).length, 3);
		for (const row of execution.json('3CX', 1)) {
			assert.match(row.error, /The PBX cannot be reached: the connection was refused/);
			assert.equal(row.details.outcome, 'notSent');
		}
	});
});

describe('refused before anything is sent', () => {
	test('Retry On Fail: the run says what to switch off, and n8n repeats nothing', async () => {
		for (const onError of ['continueErrorOutput', 'stopWorkflow']) {
			const made = workflow({ rows: rowsOf(3), parameters: columns, onError, credentials: oAuth2 });
			Object.assign(made.nodes[2], { retryOnFail: true, maxTries: 3, waitBetweenTries: 0 });
			const execution = await n8n.runWorkflow(made);
			const told = execution.error?.message ?? execution.json('3CX', 1)[0].error;
			assert.match(told, /Retry On Fail is on/, onError);
		}
		assert.deepEqual((await simulator.log()).requests, []);
	});

	test('Retry of an execution that has sent changes, of its retry, and with another PBX in the saved workflow', async () => {
		const rows = rowsOf(3);
		rows[2].licenseKey = key(2, '0000-KEYX');
		const other = { threecxOAuth2Api: await n8n.credential('threecxOAuth2Api', { baseUrl: simulator.address.replace('127.0.0.1', 'localhost'), ...client }, 'Other') };
		for (const skipDoneBefore of [false, true]) {
			await simulator.reset();
			const parameters = { ...columns, options: { confirm: false, skipDoneBefore } };
			const saved = await n8n.saveWorkflow(workflow({ rows, parameters, onError: 'stopWorkflow', credentials: oAuth2 }));
			let id = await n8n.startWorkflow(saved);
			assert.match((await n8n.execution(id)).error.message, /^Row 3: /);
			const sent = (await simulator.replacements()).length;
			const [node] = saved.nodes.filter(({ name }) => name === '3CX');
			node.credentials = other;
			await n8n.rest('PATCH', `/workflows/${saved.id}`, { nodes: saved.nodes, connections: saved.connections, versionId: saved.versionId });
			for (let time = 0; time < 2; time++) {
				({ id } = await n8n.rest('POST', `/executions/${id}/retry`, { loadWorkflow: skipDoneBefore }));
				assert.match((await n8n.execution(id)).error.message, /This is a retry of an execution/);
			}
			assert.equal((await simulator.replacements()).length, sent);
		}
	});

	test('a node into which two connections lead, and another one behind its error output, send no row twice', async () => {
		const rows = rowsOf(4);
		await simulator.faults({ match: { path_contains: 'ReplaceGroup', body_contains: rows[0].licenseKey }, times: 1, fault: { kind: 'reset', acted: true } });
		const made = workflow({ rows, parameters: columns, onError: 'continueErrorOutput', credentials: oAuth2 });
		const node = made.nodes.find(({ name }) => name === '3CX');
		const also = { id: 'also', name: 'Also', type: 'n8n-nodes-base.noOp', typeVersion: 1, position: [440, 220], parameters: {} };
		made.nodes.push(also, { ...node, id: 'again', name: 'Again', position: [660, 0] });
		const to = (name) => ({ node: name, type: 'main', index: 0 });
		Object.assign(made.connections, { Rows: { main: [[to('3CX'), to('Also')]] }, Also: { main: [[to('3CX')]] }, '3CX': { main: [[], [to('Again')]] } });
		const execution = await n8n.runWorkflow(made);
		const codes = (name, output, run) => execution.json(name, output, run).map(({ doneBefore, details, success }) => details?.code ?? (doneBefore ? 'done before' : success));
		assert.deepEqual(codes('3CX', 0, 0), [true, true, true]);
		assert.deepEqual(codes('3CX', 0, 1), ['done before', 'done before', 'done before']);
		assert.deepEqual(codes('3CX', 1, 1), ['IN_DOUBT']);
		assert.deepEqual([codes('Again', 0, 0), codes('Again', 1, 0)], [[], ['IN_DOUBT']]);
		assert.equal((await simulator.replacements()).length, 4);
	});

	test('a setting of the run that an expression makes another one in a later row', async () => {
		const parameters = { ...columns, options: { confirm: false, deadline: '={{ $itemIndex < 2 ? 90000 : 60000 }}' } };
		const execution = await runRows(rowsOf(4), parameters);
		assert.match(execution.json('3CX', 1)[3].error, /Time Limit is not the same in rows 1 and 3/);
		assert.deepEqual((await simulator.log()).requests, []);
		const same = await runRows(rowsOf(4), { ...columns, options: { confirm: false, deadline: '={{ 90 * 1000 }}' } });
		assert.equal(same.json('3CX', 0).length, 4);
	});

	test('a fixed group for rows with different keys', async () => {
		const parameters = { ...flagship, groupId: '28', licenseKey: '={{ $json.licenseKey }}' };
		const execution = await runRows(rowsOf(4), parameters);
		assert.deepEqual(execution.json('3CX', 1).map(({ details }) => details.code), Array(4).fill('FIXED_GROUP'));
		assert.deepEqual((await simulator.log()).requests, []);
	});
});

describe('credentials', () => {
	test('the test button takes the token nowhere else', async () => {
		const elsewhere = await Simulator.start();
		try {
			const data = { baseUrl: simulator.address, accessToken: 'CANARY-STATIC-TOKEN' };
			const ready = { threecxApi: await n8n.credential('threecxApi', data, 'Redirected') };
			for (const [type, credential] of Object.entries({ ...ready, ...oAuth2 })) {
				const location = `${elsewhere.address}/xapi/v1/Defs`;
				await simulator.faults({ match: { path_contains: 'Defs' }, times: null, fault: { kind: 'redirect', location } });
				const { status, message } = await n8n.testCredential(credential, type);
				assert.deepEqual([status, /redirects to another address/.test(message)], ['Error', true], message);
			}
			assert.deepEqual((await elsewhere.log()).requests, []);
		} finally {
			await elsewhere.stop();
		}
	});

	test('a ready access token', async () => {
		const data = { baseUrl: `${simulator.address}/#/login`, accessToken: 'CANARY-STATIC-TOKEN' };
		const credential = await n8n.credential('threecxApi', data);
		assert.equal((await n8n.testCredential(credential, 'threecxApi')).status, 'OK');
		const execution = await runRows(rowsOf(2), columns, 'continueErrorOutput', { threecxApi: credential });
		assert.equal(execution.json('3CX', 0).length, 2);
		assert.deepEqual((await simulator.log()).log_ins, { ok: 0, failed: 0 });
	});

	test('a ready access token that is dead is tried once, and each row tells', async () => {
		const data = { baseUrl: simulator.address, accessToken: 'CANARY-DEAD-TOKEN' };
		const credential = await n8n.credential('threecxApi', data, 'Dead');
		const { status, message } = await n8n.testCredential(credential, 'threecxApi');
		assert.deepEqual([status, /did not accept the log-in \(401\)/.test(message)], ['Error', true], message);
		await simulator.reset();
		const execution = await runRows(rowsOf(8), columns, 'continueErrorOutput', { threecxApi: credential });
		assert.equal(execution.json('3CX', 1).length, 8);
		assert.ok(execution.json('3CX', 1).every((row) => row.error.includes('did not accept the access token (401)')));
		assert.equal((await simulator.log()).requests.length, 1);
	});

	test('the test button tells something that is no 3CX from one that is', async () => {
		const web = createServer((_, response) => response.end('<html>Welcome</html>'));
		await new Promise((resolve) => web.listen(0, '127.0.0.1', resolve));
		const data = { baseUrl: `http://127.0.0.1:${web.address().port}`, accessToken: 'CANARY-STATIC-TOKEN' };
		const credential = await n8n.credential('threecxApi', data, 'No 3CX');
		try {
			const { status, message } = await n8n.testCredential(credential, 'threecxApi');
			assert.deepEqual([status, /not as a 3CX/.test(message)], ['Error', true], message);
			// n8n gets the token by itself, before anything of ours: the words that docs/set-up.md lists are its own.
			const client = { baseUrl: data.baseUrl, clientId: 'n8n', clientSecret: 'simulator-secret' };
			const first = await n8n.testCredential(await n8n.credential('threecxOAuth2Api', client, 'No 3CX, OAuth2'), 'threecxOAuth2Api');
			const listed = readFileSync(join(root, 'docs/set-up.md'), 'utf8').match(/\| `(Failed to acquire OAuth2 access token: Expected [^`]*?)(…)?`/)[1];
			assert.deepEqual([first.status, first.message.startsWith(listed)], ['Error', true], first.message);
		} finally {
			web.close();
		}
	});

	test('the test button tells a wrong API key', async () => {
		const data = { baseUrl: simulator.address, clientId: 'n8n', clientSecret: 'CANARY-WRONG-SECRET' };
		const wrong = await n8n.credential('threecxOAuth2Api', data, 'Wrong');
		assert.equal((await n8n.testCredential(oAuth2.threecxOAuth2Api, 'threecxOAuth2Api')).status, 'OK');
		assert.equal((await n8n.testCredential(wrong, 'threecxOAuth2Api')).status, 'Error');
		await simulator.reset();
		const execution = await runRows(rowsOf(8), columns, 'continueErrorOutput', { threecxOAuth2Api: wrong });
		assert.equal(execution.json('3CX', 1).length, 8);
		assert.match(execution.json('3CX', 1)[0].error, /3CX refused the log-in \(401\)/);
		assert.equal((await simulator.log()).log_ins.failed, 1, 'wrong log-ins get an address blocked');
	});
});

describe('reading', () => {
	const read = (parameters) => runRows([{}], parameters, 'stopWorkflow');

	test('groups: all of them, some of them, one of them', async () => {
		await simulator.switches({ groups: 230 });
		const all = await read({ resource: 'Groups', operation: 'List Group', returnAll: true });
		assert.equal(all.items('3CX').length, 231);
		assert.equal(new Set(all.json('3CX').map((group) => group.Id)).size, 231);
		const some = await read({ resource: 'Groups', operation: 'List Group', limit: 3, options: { select: 'Id,Name' } });
		assert.deepEqual(some.json('3CX').map(Object.keys), [['Id', 'Name'], ['Id', 'Name'], ['Id', 'Name']]);
		for (const groupId of ['31', 'grp0002', { __rl: true, mode: 'number', value: 'GRP0002' }]) {
			const one = await read({ resource: 'Groups', operation: 'Get Group', groupId });
			assert.equal(one.json('3CX')[0]?.Id, 31);
		}
		const none = await read({ resource: 'Groups', operation: 'Get Group', groupId: 'GRP9999' });
		assert.match(none.error.message, /3CX has no Group with the number GRP9999/);
	});

	test('license and system status: without the key, with the key masked, and in full where that is asked for', async () => {
		for (const [resource, operation] of [['License Status', 'Get License Status'], ['System Status', 'Get System Status']]) {
			const [simple] = (await read({ resource, operation })).json('3CX');
			assert.ok(simple.ProductCode !== undefined || simple.Version !== undefined, JSON.stringify(simple));
			assert.equal(simple.LicenseKey, undefined);
			const [masked] = (await read({ resource, operation, options: { select: ['LicenseKey', 'Version'] } })).json('3CX');
			assert.match(masked.LicenseKey, /^\*{4}-\*{4}-\*{4}-[A-Z0-9]{4}$/, operation);
			const [all] = (await read({ resource, operation, simplify: false })).json('3CX');
			assert.match(all.LicenseKey, /^3CXS-/, operation);
		}
	});

	test('the list to choose a group from can be searched and has pages', async () => {
		await simulator.switches({ groups: 230 });
		const list = (filter, paginationToken) =>
			n8n.rest('POST', '/dynamic-node-parameters/resource-locator-results', {
				nodeTypeAndVersion: { name: 'n8n-nodes-3cx.threecx', version: 1 },
				currentNodeParameters: { authentication: 'oAuth2', ...flagship },
				credentials: oAuth2,
				path: 'parameters.groupId',
				methodName: 'search',
				filter,
				paginationToken,
			});
		const first = await list();
		assert.equal(first.results.length, 100);
		const second = await list(undefined, first.paginationToken);
		const third = await list(undefined, second.paginationToken);
		const names = [first, second, third].flatMap(({ results }) => results.map(({ value }) => value));
		assert.equal(new Set(names).size, 230, 'all but the one that is 3CX’s own');
		assert.equal(third.paginationToken, undefined);
		const found = await list('harbor consulting');
		assert.ok(found.results.length > 0);
		assert.ok(found.results.every(({ name }) => name.includes('Harbor Consulting')));
	});
});

test('no key and no secret is shown anywhere', async () => {
	const echo = { kind: 'status', status: 400, body: JSON.stringify({ error: { code: '', message: `Key ${key(3)} is bad` } }) };
	await simulator.faults({ match: { body_contains: key(3) }, fault: { ...echo, content_type: 'application/json' } });
	const rows = [...rowsOf(4), { groupId: 'x'.repeat(50), licenseKey: key(5) }, { groupId: 28, licenseKey: key(6) }];
	for (const onError of ['continueErrorOutput', 'stopWorkflow']) {
		const execution = await runRows(rows, columns, onError);
		const text = shown(execution);
		for (const { licenseKey } of rows) assert.ok(!text.includes(licenseKey), licenseKey);
		assert.ok(!/CNRY|CANARY|simulator-secret|eyJ/.test(text), text);
	}
	assert.ok(n8n.log.length > 10_000, 'the log is that of the level debug');
	// The rows' own pinned columns are the only place where n8n itself may keep a key.
	assert.ok(!/CNRY-KEYX|CANARY|simulator-secret|Bearer ey/.test(n8n.log), 'the log');
});

test('the description is small, and there for agents as well', async () => {
	const file = join(n8n.files, 'nodes.json');
	await n8n.command(['export:nodes', `--output=${file}`], { title: 'Exporting the node types' });
	const types = JSON.parse(readFileSync(file, 'utf8')).filter(({ name }) => name.startsWith('n8n-nodes-3cx.'));
	const names = ['threecx', 'threecxCallTrigger', 'threecxTool', 'threecxTrigger'].map((name) => `n8n-nodes-3cx.${name}`);
	assert.deepEqual(types.map(({ name }) => name).toSorted(), names);
	const node = types.find(({ name }) => name === names[0]);
	assert.ok(JSON.stringify(node).length <= 250_000);
	const count = (properties) =>
		properties.reduce((sum, { options = [], values = [] }) => {
			const inner = [...options, ...values].filter(({ displayName }) => displayName);
			return sum + 1 + count(inner);
		}, 0);
	// What workflows of the earlier node saved is kept, and not shown.
	assert.ok(count(node.properties.filter(({ type }) => type !== 'hidden')) <= 300);
	assert.ok(readdirSync(n8n.files).includes('nodes.json'));
});
