// What 3CX posts: the built module, and the trigger node around it, in a context that n8n would give.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

const require = createRequire(import.meta.url);
const { CRM_SECRET_HEADER, crmSecretFault, crmTemplate, readCrmPost } = require('../../dist/portable/index.js');
const { ThreecxCallTrigger } = require('../../dist/nodes/Threecx/ThreecxCallTrigger.node.js');

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
