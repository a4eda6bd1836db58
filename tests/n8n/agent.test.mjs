// The node as a tool of n8n's AI Agent, whose language model is a script: what the model is told is kept in agent.txt.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { N8n } from '../../scripts/lib/n8n.mjs';
import { client, Simulator } from '../../scripts/lib/simulator.mjs';
import { key } from './support.mjs';

const kept = new URL('agent.txt', import.meta.url);
const told = [];

let n8n;
let simulator;
let model;
let credentials;

/** A language model by OpenAI's protocol: calls one tool, and ends when it has its answer. */
class Model {
	static async start() {
		const model = new Model();
		model.server = createServer(async (request, response) => {
			let text = '';
			for await (const part of request) text += part;
			const body = JSON.parse(text);
			model.requests.push(body);
			const message = body.messages.some(({ role }) => role === 'tool') ? { role: 'assistant', content: 'Done.' } : model.#call(body.tools[0].function);
			const finish_reason = message.tool_calls ? 'tool_calls' : 'stop';
			const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
			response.setHeader('Content-Type', 'application/json');
			response.end(JSON.stringify({ id: 'x', object: 'chat.completion', created: 1, model: body.model, usage, choices: [{ index: 0, message, finish_reason }] }));
		});
		await new Promise((resolve) => model.server.listen(0, '127.0.0.1', resolve));
		model.url = `http://127.0.0.1:${model.server.address().port}/v1`;
		return model;
	}

	begin(answers) {
		this.answers = answers;
		this.requests = [];
	}

	#call({ name }) {
		return { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name, arguments: JSON.stringify(this.answers) } }] };
	}

	/** What the tool was said to do, and what it gave. */
	get tool() {
		return this.requests[0].tools[0].function;
	}

	get answer() {
		return this.requests.at(-1).messages.find(({ role }) => role === 'tool').content;
	}
}

before(async () => {
	simulator = await Simulator.start();
	model = await Model.start();
	n8n = await N8n.create();
	await n8n.serve();
	credentials = {
		threecxOAuth2Api: await n8n.credential('threecxOAuth2Api', { baseUrl: simulator.address, ...client }),
		openAiApi: await n8n.credential('openAiApi', { apiKey: 'sk-none', url: model.url, header: false }),
	};
});

after(async () => {
	await n8n?.remove();
	model?.server.close();
	await simulator?.stop();
});

beforeEach(() => simulator.reset());

/** Lets the model call the node once, with these answers for what its form leaves to the model. */
async function ask(name, parameters, answers) {
	model.begin(answers);
	const { openAiApi, threecxOAuth2Api } = credentials;
	const node = (id, type, typeVersion, parameters, credentials) => ({ id, name: id, type, typeVersion, position: [0, 0], parameters, credentials });
	const execution = await n8n.runWorkflow({
		settings: { executionOrder: 'v1' },
		nodes: [
			node('Start', 'n8n-nodes-base.manualTrigger', 1, {}),
			node('Agent', '@n8n/n8n-nodes-langchain.agent', 3.1, { promptType: 'define', text: name, options: { enableStreaming: false } }),
			node('Model', '@n8n/n8n-nodes-langchain.lmChatOpenAi', 1.2, { model: { __rl: true, mode: 'id', value: 'scripted' }, options: {} }, { openAiApi }),
			node(name, 'n8n-nodes-3cx.threecxTool', 1.1, { authentication: 'oAuth2', ...parameters }, { threecxOAuth2Api }),
		],
		connections: {
			Start: { main: [[{ node: 'Agent', type: 'main', index: 0 }]] },
			Model: { ai_languageModel: [[{ node: 'Agent', type: 'ai_languageModel', index: 0 }]] },
			[name]: { ai_tool: [[{ node: 'Agent', type: 'ai_tool', index: 0 }]] },
		},
	});
	assert.equal(execution.error, undefined, execution.error?.message);
	const { description, parameters: schema } = model.tool;
	// Dates of the simulator begin with today.
	const answer = model.answer.replace(/\d{4}-\d\d-\d\dT/g, '2027-01-31T');
	told.push(`# ${name}\n\ntool: ${description}\nasked for: ${Object.keys(schema.properties).join(', ') || 'nothing'}\ncalled with: ${JSON.stringify(answers)}\nanswered: ${answer.length > 700 ? `${answer.slice(0, 700)}…` : answer}\n`);
	assert.doesNotMatch(model.answer, /Row 1/);
	return model.answer;
}

const fromAi = (name, what, type) => `={{ $fromAI('${name}', '${what}', '${type}') }}`;
const replace = {
	resource: 'Groups',
	operation: 'Replace Group License Key',
	rowsFrom: 'fields',
	groupId: { __rl: true, mode: 'id', value: fromAi('department', 'ID or number of the department', 'string') },
	licenseKey: fromAi('licenseKey', 'The new license key', 'string'),
	options: {},
};

test('reading: a list has an end, and says that there is more', async () => {
	const parameters = { resource: 'Groups', operation: 'List Group', returnAll: false, limit: 3 };
	const records = JSON.parse(await ask('List departments', parameters, {}));
	assert.equal(records.length, 4);
	assert.ok(records.slice(0, 3).every(({ Id, Number }) => Id && Number));
	assert.match(records[3].more, /^There are more records than these 3: /);
	const all = JSON.parse(await ask('List all queues', { resource: 'Queues', operation: 'List Queue' }, {}));
	assert.ok(all.length > 0 && all.every(({ more }) => more === undefined));
});

test('creating from JSON that the model writes', async () => {
	const parameters = { resource: 'Users', operation: 'Create User', bodyFrom: 'json', body: fromAi('user', 'The user: Number, FirstName, LastName, EmailAddress', 'json') };
	const [user] = JSON.parse(await ask('Create a user', parameters, { user: { Number: '477', FirstName: 'Ada', LastName: 'Agent' } }));
	assert.deepEqual([user.Number, user.FirstName], ['477', 'Ada']);
});

test('replacing a license key shows four characters of it', async () => {
	const [row] = JSON.parse(await ask('Replace a license key', replace, { department: 'GRP0001', licenseKey: key(1) }));
	assert.deepEqual([row.success, row.groupId, row.licenseKey], [true, 29, '****-****-****-1001']);
	assert.deepEqual((await simulator.ledger()).map(({ group_id, licenseKey }) => [group_id, licenseKey]), [[29, key(1)]]);
});

test('making a call', async () => {
	const mapped = { mappingMode: 'defineBelow', value: { dn: fromAi('from', 'Extension whose phone rings first', 'string'), destination: fromAi('to', 'Number to call', 'string') } };
	const parameters = { resource: 'Users', operation: 'Make Call', bodyFrom: 'fields', fields: mapped };
	const [call] = JSON.parse(await ask('Make a call', parameters, { from: '101', to: '+4930123456' }));
	assert.ok(call.FinalStatus, JSON.stringify(call));
	const sent = (await simulator.log()).requests.filter(({ path }) => path.endsWith('/Users/Pbx.MakeCall'));
	assert.deepEqual(sent.filter(({ status }) => status !== 401).map(({ method, status }) => [method, status]), [['POST', 200]]);
});

test('what failed comes with what to do', async () => {
	const unknown = await ask('Replace the license key of a department that is not there', replace, { department: 'GRP0999', licenseKey: key(2) });
	assert.match(unknown, /No group on this PBX has the number GRP0999/);
	assert.match(unknown, /Nothing was sent\. Check the row against 3CX Admin > Departments/);
	await simulator.faults({ match: { path_contains: 'ReplaceGroup' }, fault: { kind: 'status', status: 500 } });
	const lost = await ask('Replace a license key while 3CX fails', replace, { department: '28', licenseKey: key(3) });
	assert.match(lost, /whether the key was replaced is not known/);
	assert.match(lost, /before you run this row again/);
	assert.ok(!lost.includes(key(3)));
});

test('danger is told before, and refused unless it is meant', async () => {
	const refused = await ask('Purge the logs', { resource: 'Purge Settings', operation: 'Purge All Logs' }, {});
	assert.match(model.tool.description, /cannot be undone/);
	assert.match(refused, /I Mean Everything/);
	assert.ok((await simulator.log()).requests.every(({ method }) => method === 'GET'));
});

test('a deletion names what is gone', async () => {
	const parameters = { resource: 'Groups', operation: 'Delete Group', groupId: { __rl: true, mode: 'id', value: fromAi('department', 'ID of the department', 'string') } };
	assert.deepEqual(JSON.parse(await ask('Delete a department', parameters, { department: '31' })), [{ deleted: true, id: 31 }]);
	assert.match(model.tool.description, /cannot be undone/);
});

test('agent.txt is what the model was told', () => {
	const text = told.join('\n');
	if (process.env.UPDATE_DOCS) writeFileSync(kept, text);
	assert.equal(text, readFileSync(kept, 'utf8'), 'tests/n8n/agent.txt is out of date: UPDATE_DOCS=1 node --test tests/n8n/agent.test.mjs');
});
