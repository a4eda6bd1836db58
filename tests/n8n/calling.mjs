// Workflows that begin with the 3CX Call Trigger, and the administrator who installs their template in the simulator.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { until } from '../../scripts/lib/run.mjs';

export const SECRET = 'CANARY-secret-of-the-webhook';
const EVENTS = ['callReported', 'chatReported', 'contactCreation', 'numberLookup'];

/** What the variables of a template are filled with. */
export const call = {
	CallType: 'Inbound',
	CallDirection: 'Inbound',
	Number: '+49301234567',
	Name: 'Ada Lovelace',
	Agent: '101',
	AgentFirstName: 'Grace',
	Duration: '00:01:05',
	CallStartTimeUTC: '2026-11-03T09:00:00Z',
	CallEndTimeUTC: '2026-11-03T09:01:10Z',
};

export async function calling(n8n, simulator) {
	const credentials = { threecxCallTriggerApi: await n8n.credential('threecxCallTriggerApi', { secret: SECRET }) };

	/** A workflow whose last node is the contact that is answered. */
	const workflow = (parameters) => ({
		name: 'Calls & “chats”',
		settings: { executionOrder: 'v1' },
		nodes: [
			{
				id: 'trigger',
				name: '3CX Call Trigger',
				type: 'n8n-nodes-3cx.threecxCallTrigger',
				typeVersion: 1,
				position: [0, 0],
				webhookId: randomUUID(),
				parameters: { events: EVENTS, ...parameters },
				credentials,
			},
			{
				id: 'contact',
				name: 'Contact',
				type: 'n8n-nodes-base.set',
				typeVersion: 3.4,
				position: [220, 0],
				parameters: {
					mode: 'raw',
					jsonOutput: '={{ JSON.stringify({ id: 7, url: "https://crm.example.com/7", firstName: "Ada \\"A\\" <[Number]>", company: "Ümläut 😀" }) }}',
					options: {},
				},
			},
		],
		connections: { '3CX Call Trigger': { main: [[{ node: 'Contact', type: 'main', index: 0 }]] } },
	});

	const publish = async ({ id: _, ...unsaved }) => {
		const saved = await n8n.saveWorkflow({ ...unsaved, active: false });
		await n8n.activate(saved);
		const { webhookId } = saved.nodes.find(({ type }) => type.endsWith('CallTrigger'));
		return { ...saved, url: `${n8n.address}/webhook/${webhookId}/3cx` };
	};

	/** n8n listens a moment after it was told to, at the template's address last. */
	const activate = async (unsaved) => {
		const saved = await publish(unsaved);
		await until(async () => (await fetch(saved.url)).ok, 'the webhook');
		return saved;
	};

	/** As an administrator does it. */
	const install = async ({ url }, secret = SECRET) => {
		const answer = await fetch(url);
		assert.equal(answer.status, 200);
		const xml = await answer.text();
		const template = await simulator.uploadTemplate(xml);
		if (secret) await simulator.enterParameters({ Secret: secret });
		return { template, xml, headers: answer.headers };
	};

	/** The trigger's items of all executions of a workflow, the oldest first. */
	const told = async ({ id }) => {
		const filter = encodeURIComponent(JSON.stringify({ workflowId: id }));
		const { results } = await n8n.rest('GET', `/executions?filter=${filter}&limit=100`);
		const runs = await Promise.all(results.toReversed().map((run) => n8n.execution(run.id)));
		return runs.flatMap((run) => run.json('3CX Call Trigger'));
	};

	return { credentials, workflow, publish, activate, install, told };
}

/** Calls and lookups, also after that n8n was killed and started again. */
export async function answersThroughAKill(n8n, simulator, kill) {
	const { workflow, activate, install, told } = await calling(n8n, simulator);
	const active = await activate(workflow());
	const report = async (minute) => {
		const { posts } = await simulator.occasion('ReportCall', { ...call, CallStartTimeUTC: `2026-11-03T09:0${minute}:00Z` });
		return posts.map(({ status }) => status);
	};
	const found = async () => (await simulator.occasion('', { Number: '+49301234567' })).contact?.EntityId;
	await install(active, '');
	assert.deepEqual(await report(0), [401]);
	await install(active);
	assert.deepEqual(await report(1), [200]);
	assert.equal(await found(), '7');
	// n8n stores an execution after its answer.
	await until(async () => (await told(active)).length === 2, 'a call and a lookup');
	await kill();
	await until(async () => (await fetch(active.url)).ok, 'the webhook once more');
	assert.deepEqual(await report(2), [200]);
	assert.equal(await found(), '7');
	await until(async () => (await told(active)).length === 4, 'calls and lookups');
	const items = await told(active);
	assert.deepEqual(items.map(({ event }) => event), ['callReported', 'numberLookup', 'callReported', 'numberLookup']);
	assert.equal(new Set(items.map(({ callId }) => callId)).size, 3, 'two calls, and lookups without one');
}
