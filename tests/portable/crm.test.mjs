// What 3CX posts: the built module, and the trigger node around it, in a context that n8n would give.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { after, before, beforeEach, test } from 'node:test';
import { Simulator } from '../../scripts/lib/simulator.mjs';

const require = createRequire(import.meta.url);
const { CRM_SECRET_HEADER, crmSecretFault, crmTemplate, readCrmPost } = require('../../dist/portable/index.js');
const { ThreecxCallTrigger } = require('../../dist/nodes/Threecx/ThreecxCallTrigger.node.js');

let simulator;
before(async () => {
	simulator = await Simulator.start();
});
after(() => simulator?.stop());
beforeEach(() => simulator.reset());

const secret = 'a-secret-of-the-tests';
const body = (more) => JSON.stringify({ event: 'callReported', callType: 'Missed', number: '+49301234567', start: '2026-11-03T09:00:00Z', ...more });
const events = ['callReported'];

/** What n8n gives the node for a post. `stored`: of the workflow, as it was when the request came. */
const context = (id, text, { stored = {}, mode = 'webhook', oncePerCall = true } = {}) => {
	const answer = {};
	return {
		answer,
		getNodeParameter: (name) => ({ events, oncePerCall })[name],
		getWebhookName: () => 'default',
		getMode: () => mode,
		getCredentials: async () => ({ secret }),
		getRequestObject: () => ({ rawBody: text === undefined ? undefined : Buffer.from(text) }),
		getHeaderData: () => ({ [CRM_SECRET_HEADER]: secret }),
		getWorkflow: () => ({ id }),
		getNode: () => ({ id: 'trigger' }),
		getWorkflowStaticData: () => stored,
		getResponseObject: () => ({
			status(status) {
				answer.status = status;
				return this;
			},
			json: (json) => Object.assign(answer, json),
		}),
	};
};
const node = new ThreecxCallTrigger();
const post = (...of) => node.webhook.call(context(...of));

test('a template and a post, without n8n', async () => {
	const { fileName, xml } = crmTemplate({ url: 'https://example.com/3cx', name: 'Example', events });
	assert.equal(fileName, 'Example.xml');
	assert.match(xml, /<Value Key="X-Webhook-Secret">\[Secret\]<\/Value>/);
	const { status, item } = await readCrmPost({ secret, given: secret, body: body(), events });
	assert.deepEqual([status, item.missed], [200, true]);
	assert.equal((await readCrmPost({ secret, given: undefined, body: body(), events })).status, 401);
	assert.equal(crmSecretFault(secret), undefined);
	assert.throws(() => crmTemplate({ url: 'https://example.com', name: 'Example', events: [] }), /Choose an event/);
	assert.match(crmTemplate({ url: 'https://example.com/3cx', name: 'Half a \ud83d', events }).xml, /Name="Half a"/);
});

test('without the secret, nothing of a post is read, and with it no more than shows that it is too long', async () => {
	const { stringify } = JSON;
	let longest = 0;
	JSON.stringify = (...of) => {
		const text = stringify(...of);
		longest = Math.max(longest, text.length);
		return text;
	};
	try {
		// Each character takes six in JSON.
		const huge = '\u0001'.repeat(16_000_000);
		for (const body of [huge, Buffer.from(huge)]) {
			for (const [given, status, most] of [[undefined, 401, 1000], ['wrong', 403, 1000], [secret, 413, 6 * 2_000_001 + 1000]]) {
				longest = 0;
				assert.equal((await readCrmPost({ secret, given, body, events })).status, status);
				assert.ok(longest < most, `${longest} characters for a post that is answered with ${status}`);
			}
		}
	} finally {
		JSON.stringify = stringify;
	}
});

test('posts of a call that come at once are one, although n8n has not stored yet what the first one noted', async () => {
	const all = await Promise.all(Array.from({ length: 20 }, (_, agent) => post('at-once', body({ agentNumber: `${agent}` }))));
	assert.equal(all.filter(({ workflowData }) => workflowData).length, 1);
	const before = {};
	await post('stored', body(), { stored: before });
	// As after a restart: only what was stored is known.
	const after = await post('stored-by-another', body(), { stored: structuredClone(before) });
	assert.equal(after.workflowData, undefined);
	assert.ok((await post('another-workflow', body())).workflowData);
});

test('a call starts one workflow unless that is switched off', async () => {
	const { default: usual } = node.description.properties.find(({ name }) => name === 'oncePerCall');
	for (const [oncePerCall, starts] of [[usual, 1], [false, 2]]) {
		let started = 0;
		for (const agentNumber of ['101', '102']) {
			const { workflowData } = await post(`usual-${oncePerCall}`, body({ agentNumber }), { oncePerCall });
			started += workflowData ? 1 : 0;
		}
		assert.equal(started, starts, `${oncePerCall}`);
	}
});

test('a test run remembers nothing, and finds what was told of before', async () => {
	const stored = {};
	for (let run = 0; run < 2; run++) assert.ok((await post('test-run', body(), { stored, mode: 'manual' })).workflowData);
	assert.deepEqual(stored, {});
	assert.ok((await post('test-run', body(), { stored })).workflowData);
});

test('a post without a body is answered', async () => {
	const given = context('empty');
	assert.deepEqual(await node.webhook.call(given), { noWebhookResponse: true });
	assert.deepEqual(given.answer, { status: 400, message: 'The body is not JSON' });
});

test('every choice of events makes a template of 3CX’s format', async () => {
	const all = ['callReported', 'chatReported', 'contactCreation', 'numberLookup'];
	for (let choice = 1; choice < 16; choice++) {
		const chosen = all.filter((_, bit) => choice & (1 << bit));
		const { xml } = crmTemplate({ url: 'https://n8n.example.com:5678/a&b=<2>', name: 'Some', events: chosen });
		const { scenarios } = await simulator.uploadTemplate(xml);
		assert.equal(scenarios.length, chosen.length, chosen.join());
	}
});

test('whatever is not known of 3CX’s ways, posts are understood', async () => {
	const items = [];
	const server = createServer(async (request, response) => {
		const chunks = await request.toArray();
		const { status, item } = await readCrmPost({
			secret,
			given: request.headers[CRM_SECRET_HEADER],
			body: Buffer.concat(chunks).toString(),
			events: ['callReported', 'numberLookup'],
		});
		items.push(item);
		response.writeHead(status).end(JSON.stringify(request.url === '/3cx/answer' ? { url: 'https://crm.example.com/7', lastName: '[Name]' } : {}));
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	try {
		const url = `http://127.0.0.1:${server.address().port}/3cx`;
		await simulator.uploadTemplate(crmTemplate({ url, name: 'Some', events: ['callReported', 'numberLookup'] }).xml);
		await simulator.enterParameters({ Secret: secret });
		const start = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000).toISOString();
		const call = { Number: '+49301234567', Name: '[Number] "A"', CallType: 'NotAnswered', CallStartTimeUTC: start };
		const ids = new Set();
		for (const crm_unfilled of ['empty', 'literal'])
			for (const crm_datetime of ['formatted', 'culture', 'null'])
				for (const crm_number of ['plus', 'digits', 'zeros'])
					for (const crm_passes of ['more', 'count']) {
						const switches = { crm_unfilled, crm_datetime, crm_number, crm_passes };
						await simulator.switches(switches);
						items.length = 0;
						const { posts } = await simulator.occasion('ReportCall', call);
						const { contact } = await simulator.occasion('', call);
						const as = JSON.stringify(switches);
						assert.equal(posts[0].status, 200, `${as}: ${posts[0].answer}`);
						const [{ callId, ...told }] = items;
						assert.deepEqual([told.name, told.callType, told.summary, told.agentName], [call.Name, 'unanswered', null, null], as);
						assert.equal(told.start, crm_datetime === 'null' ? null : start, as);
						assert.equal(told.number.replace(/^(\+|00)/, ''), '49301234567', as);
						assert.deepEqual([contact.LastName, contact.PhoneBusiness], ['[Name]', told.number], as);
						if (told.start) ids.add(callId);
					}
		assert.equal(ids.size, 1);
	} finally {
		server.close();
	}
});
