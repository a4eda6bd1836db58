// A workflow that waits for events of the system, and what must come of it.
import assert from 'node:assert/strict';
import { stop, until } from '../../scripts/lib/run.mjs';

const now = Date.now();

/** A record of the event log. */
export const entry = (Id) => ({
	Id,
	EventId: 4100,
	Type: 'Warning',
	TimeGenerated: new Date(now + Id).toISOString(),
	Message: 'Trunk %1$s is %2$s',
	Params: ['10000', `state ${Id}`],
});

export const watching = {
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

/** Events before, while and after n8n is dead. */
export async function eachOnceThroughAKill(n8n, simulator, credentials) {
	const events = (...ids) => simulator.records('/EventLogs', ids.map(entry));
	const [trigger, next] = watching.nodes;
	await events(7);
	const saved = await n8n.saveWorkflow({ ...watching, nodes: [{ ...trigger, credentials }, next] });
	const asked = async () => (await simulator.log()).requests.filter(({ path }) => path.startsWith('/xapi/v1/EventLogs')).length;
	const before = await asked();
	await n8n.activate(saved);
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
	await n8n.start();
	// It looks as soon as it is there again.
	await until(async () => (await told()).includes(10), 'the event of the time between');
	assert.deepEqual(await told(), [8, 9, 10]);
}
