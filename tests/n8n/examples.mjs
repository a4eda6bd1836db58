// The workflows of examples/, imported as people do, in a real n8n against the simulator.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { oldest } from '../../scripts/lib/install.mjs';
import { N8n } from '../../scripts/lib/n8n.mjs';
import { root } from '../../scripts/lib/run.mjs';
import { client, Simulator } from '../../scripts/lib/simulator.mjs';
import { key } from './support.mjs';

/** Runs them all in this n8n; gives the files of those that have run. */
export function examples(version) {
	const require = createRequire(join(version.folder, 'package.json'));
	const { read, utils, write } = require(version === oldest ? 'xlsx' : '@e965/xlsx');
	const tested = new Set();

	let n8n;
	let simulator;
	let other;
	let chat;
	let credentials;

	before(async () => {
		simulator = await Simulator.start();
		other = await Simulator.start();
		chat = { texts: [] };
		chat.server = createServer(async (request, response) => {
			let text = '';
			for await (const part of request) text += part;
			chat.texts.push(JSON.parse(text).text);
			response.end('{}');
		});
		await new Promise((resolve) => chat.server.listen(0, '127.0.0.1', resolve));
		chat.url = `http://127.0.0.1:${chat.server.address().port}/hook`;
		n8n = await N8n.create(version);
		await n8n.serve();
		mkdirSync(join(n8n.files, 'recordings'));
		credentials = {};
		for (const [id, { address }] of [['threecx', simulator], ['threecxB', other]]) {
			credentials[id] = await n8n.credential('threecxOAuth2Api', { baseUrl: address, ...client }, id);
		}
	});

	after(async () => {
		await n8n?.remove();
		chat?.server.close();
		await simulator?.stop();
		await other?.stop();
	});

	beforeEach(async () => {
		await simulator.reset();
		await other.reset();
		chat.texts.length = 0;
	});

	const file = (name) => join(n8n.files, name);
	const parameters = ['fileSelector', 'fileName'];

	/** As it is in its file, with what a person has to choose: credentials, folder, address; `only`: the trigger that starts; `form`: what they fill in in *3CX*; `activated`: the node that they activate. */
	function example(name, only, form, activated) {
		tested.add(`${name}.workflow.json`);
		const { id: _, ...workflow } = JSON.parse(readFileSync(join(root, 'examples', `${name}.workflow.json`), 'utf8'));
		for (const node of workflow.nodes) {
			const chosen = node.credentials?.threecxOAuth2Api;
			if (chosen) node.credentials.threecxOAuth2Api = credentials[chosen.id];
			else if (node.type.startsWith('n8n-nodes-3cx.')) node.credentials = { threecxOAuth2Api: credentials.threecx };
			if (node.type === 'n8n-nodes-base.readWriteFile') {
				for (const parameter of parameters.filter((one) => one in node.parameters)) {
					node.parameters[parameter] = node.parameters[parameter].replace(/^=?/, (sign) => `${sign}${n8n.files}/`);
				}
			}
			if (node.type === 'n8n-nodes-base.httpRequest') node.parameters.url = chat.url;
		}
		if (activated) delete workflow.nodes.find((node) => node.name === activated).disabled;
		if (form) Object.assign(workflow.nodes.find((node) => node.name === '3CX').parameters, form);
		if (only) workflow.nodes.sort((one, another) => (another.name === only) - (one.name === only));
		return workflow;
	}

	async function run(...chosen) {
		const execution = await n8n.runWorkflow(example(...chosen));
		assert.equal(execution.error, undefined, `${execution.error?.node?.name}: ${execution.error?.message} ${execution.error?.description}`);
		return execution;
	}

	const texts = (execution, node) => execution.json(node).map(({ text }) => text);
	/** The latest of those whose name begins so. */
	const sheet = (begins) => {
		const latest = readdirSync(n8n.files).filter((name) => name.startsWith(begins)).toSorted().at(-1);
		return utils.sheet_to_json(Object.values(read(readFileSync(file(latest))).Sheets)[0]);
	};

	describe('licenses', () => {
		const rows = [
			{ Customer: 'A', 'Group ID': 28, 'License Key': key(0), Seats: 4 },
			{ Customer: 'B', 'Group ID': 'GRP0001', 'License Key': key(1), Seats: 5 },
			{ Customer: 'C', 'Group ID': 'GRP0999', 'License Key': key(2), Seats: 6 },
			{ Customer: 'D', 'Group ID': 31, 'License Key': key(3, '0000-KEYX'), Seats: 7 },
		];

		test('from Excel: results and report are written, and no key is in them', async () => {
			const book = utils.book_new();
			utils.book_append_sheet(book, utils.json_to_sheet(rows), 'Licenses');
			writeFileSync(file('licenses.xlsx'), write(book, { type: 'buffer', bookType: 'xlsx' }));
			const dry = await run('licenses-from-excel');
			assert.deepEqual(dry.json('3CX').map(({ dryRun, wouldSend, success }) => [dryRun, wouldSend, success]), Array(3).fill([true, true, undefined]));
			assert.deepEqual(await simulator.replacements(), [], 'as imported, it is a dry run');
			await run('licenses-from-excel', undefined, { isDryRun: false });
			assert.deepEqual((await simulator.ledger()).map(({ group_id }) => group_id).toSorted(), [28, 29]);
			const results = sheet('licenses-results');
			assert.deepEqual(results.map(({ Customer, Seats, success, groupNumber }) => [Customer, Seats, success, groupNumber]), [['A', 4, true, 'GRP0000'], ['B', 5, true, 'GRP0001']]);
			const report = sheet('licenses-report');
			assert.deepEqual(report.map((row) => [row.Row, row.Customer, row.Outcome]), [[3, 'C', 'notSent'], [4, 'D', 'refused']]);
			assert.ok(report.every((row) => row['What happened'] && row['What to do']));
			assert.doesNotMatch(JSON.stringify([results, report]), /KEYX/);
		});

		test('from the sheet that npm start uses, and its dry run', async () => {
			writeFileSync(file('licenses.csv'), readFileSync(join(root, 'examples/licenses.csv')));
			const dry = await run('replace-licenses-dry-run');
			assert.ok(dry.json('3CX').every(({ dryRun, success }) => dryRun && success === undefined));
			assert.deepEqual(await simulator.replacements(), []);
			const execution = await run('replace-licenses');
			// A row that repeats another is told as done, and not sent.
			assert.equal(execution.json('Replaced').length, (await simulator.ledger()).length + 1);
			assert.ok(execution.json('Replaced').length > 5 && execution.json('Rows to look at').length > 1);
		});
	});

	test('users from a sheet: those that cannot be made are told', async () => {
		writeFileSync(file('users.csv'), 'Number,First Name,Last Name,Email Address,Desk\n477,Ada,Agent,ada@example.com,4\n478,Bo,,bo@example.com,5\n477,Cy,Double,cy@example.com,6\n');
		const execution = await run('users-from-a-sheet');
		assert.deepEqual(execution.json('Created').map(({ Number }) => Number), ['477', '478']);
		assert.deepEqual(execution.json('Rows to look at').map(({ Row, Number }) => [Row, Number]), [[3, '477']]);
	});

	test('offboarding: the user is switched off, and is there still', async () => {
		const execution = await run('offboarding');
		assert.match(texts(execution, 'Done')[0], /^101 .* is switched off$/);
		const [{ Id }] = execution.json('Find user');
		const changes = (await simulator.log()).requests.filter(({ method, status }) => method === 'PATCH' && status !== 401);
		assert.deepEqual(changes.map(({ method, path }) => [method, path]), [['PATCH', `/xapi/v1/Users(${Id})`]]);
	});

	test('offboarding: one who is not found keeps nobody else from being switched off', async () => {
		const pinData = { 'Who leaves': ['999', '101'].map((number) => ({ json: { number } })) };
		const execution = await n8n.runWorkflow({ ...example('offboarding'), pinData });
		assert.match(texts(execution, 'Done').join(), /^101 .* is switched off$/);
		const [{ Number, Outcome }] = execution.json('Users to look at');
		assert.deepEqual([Number, Outcome], ['999', 'refused']);
	});

	const start = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
	const leg = (fields) => ({ CdrId: fields.MainCallHistoryId, StartTime: start(1), RingingDuration: 'PT5S', TalkingDuration: 'PT0S', Answered: false, Status: 'Unanswered', Direction: 'Inbound', CallType: 'Extension', SourceDn: '10000', SourceCallerId: '+49301234567', DestinationDn: '101', ...fields });

	if (version === oldest) {
		test('the call log cannot go to a table: this n8n has none, as docs/deployment.md says', () => {
			const names = JSON.parse(readFileSync(join(version.folder, 'node_modules/n8n-nodes-base/dist/types/nodes.json'), 'utf8')).map(({ name }) => name);
			assert.ok(names.includes('extractFromFile') && !names.includes('dataTable'));
		});
	} else {
		test('the call log goes to a table', async () => {
			await simulator.records('/ActiveCalls', []);
			await simulator.records('/ReportCallLogData', [leg({ MainCallHistoryId: 'a', Answered: true, Status: 'Answered', TalkingDuration: 'PT30S' })]);
			await run('call-log-to-a-table', 'Start');
			const execution = await run('call-log-to-a-table', '3CX Trigger');
			const [{ callId, caller, answered, talkSeconds, id }] = execution.json('Add to table');
			assert.deepEqual([callId, caller, answered, talkSeconds], ['a', '+49301234567', true, 30]);
			assert.ok(id > 0, 'a row of the table');
		});
	}

	test('recordings go to a folder by their start, and one that is gone fails the execution once the others are written', async () => {
		const recording = (Id) => ({ Id, StartTime: '2026-11-03T09:12:30.577Z', RecordingUrl: `101/${Id}.wav`, CallType: 'Local' });
		const written = (id) => readFileSync(file(`recordings/2026-11-03T09-12-30-${id}.wav`)).subarray(0, 4).toString('latin1');
		await simulator.records('/Recordings', [{ ...recording(7), StartTime: start(1) }]);
		const { StartTime } = (await run('recordings-to-storage')).json('3CX Trigger')[0];
		assert.ok(readdirSync(file('recordings')).includes(`${StartTime.slice(0, 19).replaceAll(':', '-')}-7.wav`));
		await simulator.records('/Recordings', [5, 6, 7].map(recording));
		await simulator.faults({ match: { path_contains: 'recId=5' }, fault: { kind: 'status', status: 404 } });
		const pinData = { '3CX Trigger': [5, 6, 7].map((id) => ({ json: recording(id) })) };
		const { error } = await n8n.runWorkflow({ ...example('recordings-to-storage'), pinData });
		assert.match(error.message, /^Recording 5: .+\. .+/);
		assert.deepEqual([6, 7].map(written), ['RIFF', 'RIFF']);
	});

	test('missed calls go to a chat', async () => {
		await simulator.records('/ActiveCalls', []);
		await simulator.records('/ReportCallLogData', [leg({ MainCallHistoryId: 'a' })]);
		const execution = await run('missed-calls');
		const [{ missed, fromNumber }] = execution.json('3CX Trigger');
		assert.deepEqual([missed, fromNumber], [true, '+49301234567']);
		assert.deepEqual(chat.texts, texts(execution, 'Text'));
		assert.match(chat.texts[0], /^Missed call from .*\+49301234567 at \d\d:\d\d, rang 5 s$/);
	});

	test('licenses and trunks of several PBXs are watched, also one that does not answer', async () => {
		const soon = new Date(Date.now() + 9 * 86_400_000).toISOString();
		await simulator.records('/Trunks', [{ Id: 1, Number: '10000', IsOnline: true }, { Id: 2, Number: '10001', IsOnline: false }]);
		await other.faults({ match: { path_contains: 'Trunks' }, times: 100, fault: { kind: 'status', status: 403 } });
		// The year 1 stands for none.
		const pinData = Object.fromEntries([['A', '0001-01-01T00:00:00Z'], ['B', soon]].map(([pbx, ExpirationDate]) => [`License of PBX ${pbx}`, [{ json: { ExpirationDate } }]]));
		await n8n.runWorkflow({ ...example('license-and-trunk-watch'), pinData });
		const told = chat.texts.toSorted();
		assert.equal(told.filter((text) => text === 'PBX A: trunk 10001 is down').length, 1, told.join('\n'));
		assert.equal(told.filter((text) => text.startsWith('PBX B: the trunks could not be read: ')).length, 1, told.join('\n'));
		assert.deepEqual(told.filter((text) => text.includes(': the license ')), [`PBX B: the license expires on ${soon.slice(0, 10)}`]);
		assert.ok(!told.some((text) => text.includes('10000')), told.join('\n'));
	});

	test('holidays that are new are made, and office hours are set', async () => {
		await simulator.records('/Holidays', [{ Id: 1, Name: 'New Year', Day: 1, Month: 1 }]);
		writeFileSync(file('holidays.csv'), 'Name,Day,Month,Day End,Month End,Is Recurrent\nNew Year \u200b,1,1,1,1,yes\nLabor Day,1,5,1,5,yes\n');
		const execution = await run('holidays-and-office-hours');
		assert.deepEqual(texts(execution, 'Created'), ['Labor Day: 5/1']);
		const changes = async () => (await simulator.log()).requests.filter(({ method, status }) => method === 'PATCH' && status !== 401);
		assert.deepEqual(await changes(), [], 'as imported, the hours stay as they are');
		const activated = await run('holidays-and-office-hours', undefined, undefined, 'Office hours');
		assert.deepEqual(activated.json('Office hours'), [{ success: true }]);
		assert.equal((await changes()).length, 1);
	});

	test('numbers that are not blocked yet are blocked', async () => {
		await simulator.records('/BlackListNumbers', [{ Id: '1', CallerId: '+49301', Description: 'known' }]);
		writeFileSync(file('blocked.csv'), 'Caller ID,Description\n\u202a+49 301\u202c,again\n(0900) 1–23,new\n');
		const execution = await run('blocked-numbers');
		assert.deepEqual(texts(execution, 'Blocked'), ['0900123 new']);
		await simulator.records('/BlackListNumbers', []);
		assert.equal(texts(await run('blocked-numbers'), 'Blocked').length, 2, 'none is blocked yet');
	});

	return tested;
}
