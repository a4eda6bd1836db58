// The triggers in queue mode, where the main process polls and listens, and a worker carries out what they start.
import { after, before, test } from 'node:test';
import { N8n } from '../../scripts/lib/n8n.mjs';
import { stop } from '../../scripts/lib/run.mjs';
import { client, Simulator } from '../../scripts/lib/simulator.mjs';
import { answersThroughAKill } from '../n8n/calling.mjs';
import { eachOnceThroughAKill } from '../n8n/watching.mjs';

let n8n;
let simulator;

before(async () => {
	simulator = await Simulator.start();
	n8n = await N8n.create();
	await n8n.serve({ workers: 1 });
});

after(async () => {
	await n8n?.remove();
	await simulator?.stop();
});

test('each event starts the workflow once, also if the main process is killed and started again', async () => {
	const credential = await n8n.credential('threecxOAuth2Api', { baseUrl: simulator.address, ...client });
	await eachOnceThroughAKill(n8n, simulator, { threecxOAuth2Api: credential });
});

test('calls start a workflow and lookups are answered, also after that both processes were killed', async () => {
	await answersThroughAKill(n8n, simulator, async () => {
		await Promise.all([n8n.server, ...n8n.workers].map((process) => stop(process, 'SIGKILL')));
		await n8n.start();
		n8n.workers = [await n8n.startWorker()];
	});
});
