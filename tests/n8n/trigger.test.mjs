// The 3CX Trigger in a real n8n: what it starts, once each, also if n8n is killed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { N8n } from '../../scripts/lib/n8n.mjs';
import { stop, until } from '../../scripts/lib/run.mjs';
import { client, Simulator } from '../../scripts/lib/simulator.mjs';

const now = Date.now();
const entry = (Id) => ({ Id, EventId: 4100, Type: 'Warning', TimeGenerated: new Date(now + Id).toISOString(), Message: 'Trunk %1$s is %2$s', Params: ['10000', `state ${Id}`] });

describe('3CX Trigger', () => {
	let n8n;
	let simulator;
	let credentials;

	before(async () => {
		simulator = await Simulator.start();
		n8n = await N8n.create();
		await n8n.serve();
		credentials = { threecxOAuth2Api: await n8n.credential('threecxOAuth2Api', { baseUrl: simulator.address, ...client }) };
	});

	after(async () => {
		await n8n?.remove();
		await simulator?.stop();
	});

	const events = (...ids) => simulator.records('/EventLogs', ids.map(entry));

	const watching = {
		name: 'Watch',
		settings: { executionOrder: 'v1' },
		nodes: [
			{
				id: 'trigger',
				name: '3CX Trigger',
				type: 'n8n-nodes-3cx.threecxTrigger',
				typeVersion: 1,
				position: [0, 0],
				parameters: {
					authentication: 'oAuth2',
					events: ['systemEvent'],
					pollTimes: { item: [{ mode: 'everyMinute' }] },
				},
			},
			{ id: 'after', name: 'After', type: 'n8n-nodes-base.noOp', typeVersion: 1, position: [220, 0], parameters: {} },
		],
		connections: { '3CX Trigger': { main: [[{ node: 'After', type: 'main', index: 0 }]] } },
	};

	test('Fetch Test Event shows the latest, and says when there is none', async () => {
		const [trigger, next] = watching.nodes;
		const saved = await n8n.saveWorkflow({ ...watching, nodes: [{ ...trigger, credentials }, next] });
		await events();
		const none = await n8n.runWorkflow(saved);
		assert.match(none.error.message, /Nothing of the kind is on the PBX yet/);
		await events(7, 8);
		const shown = (await n8n.runWorkflow(saved)).json('After');
		assert.deepEqual(shown.map(({ event, Id, Message }) => [event, Id, Message]), [['systemEvent', 8, 'Trunk 10000 is state 8']]);
	});

	test('each event starts the workflow once, also if n8n is killed and started again', async () => {
		const [trigger, next] = watching.nodes;
		await events(7);
		const saved = await n8n.saveWorkflow({ ...watching, nodes: [{ ...trigger, credentials }, next] });
		const asked = async () => (await simulator.log()).requests.filter(({ path }) => path.startsWith('/xapi/v1/EventLogs')).length;
		const before = await asked();
		await n8n.rest('POST', `/workflows/${saved.id}/activate`, { versionId: saved.versionId });
		await until(async () => (await asked()) > before, 'the first poll');

		const told = async () => {
			const filter = encodeURIComponent(JSON.stringify({ workflowId: saved.id }));
			const { results } = await n8n.rest('GET', `/executions?filter=${filter}&limit=100`);
			const runs = await Promise.all(results.map(({ id }) => n8n.execution(id)));
			return runs.flatMap((run) => run.json('After').map(({ Id }) => Id)).sort((one, other) => one - other);
		};
		await events(7, 8, 9);
		await until(async () => (await told()).length >= 2, 'two events');

		await stop(n8n.server, 'SIGKILL');
		await events(7, 8, 9, 10);
		await n8n.serve({ port: n8n.port });
		// It looks as soon as it is there again.
		await until(async () => (await told()).includes(10), 'the event of the time between');
		assert.deepEqual(await told(), [8, 9, 10]);
	});
});
