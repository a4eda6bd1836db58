// The 3CX Trigger in a real n8n: what it starts, once each, also if n8n is killed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { N8n } from '../../scripts/lib/n8n.mjs';
import { client, Simulator } from '../../scripts/lib/simulator.mjs';
import { eachOnceThroughAKill, entry, watching } from './watching.mjs';

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

	test('Fetch Test Event shows the latest, and says when there is none', async () => {
		const [trigger, next] = watching.nodes;
		const saved = await n8n.saveWorkflow({ ...watching, nodes: [{ ...trigger, credentials }, next] });
		await events();
		const none = await n8n.runWorkflow(saved);
		assert.match(none.error.message, /Nothing of the kind was found on the PBX/);
		await events(7, 8);
		const shown = (await n8n.runWorkflow(saved)).json('After');
		assert.deepEqual(shown.map(({ event, Id, Message }) => [event, Id, Message]), [['systemEvent', 8, 'Trunk 10000 is state 8']]);
	});

	test('each event starts the workflow once, also if n8n is killed and started again', async () => {
		await eachOnceThroughAKill(n8n, simulator, credentials);
	});
});
