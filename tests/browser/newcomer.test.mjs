// From an empty n8n to replaced keys, as someone who has never used the node: what they search, click and type.
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../../scripts/lib/run.mjs';
import { client } from '../../scripts/lib/simulator.mjs';
import { picture, Stage } from './support.mjs';

let n8n;
let page;
let simulator;
let stage;

before(async () => {
	stage = await Stage.open();
	({ n8n, page, simulator } = stage);
});

after(() => stage?.close());

test('the node is found by what people call it, and lists what it does: the jobs first', async () => {
	await page.goto(`${n8n.address}/workflow/new`);
	await page.getByTestId('canvas-add-button').click();
	// The first step of a workflow is its trigger; whatever comes next is chosen among actions.
	await page.getByTestId('node-creator-search-bar').waitFor();
	await page.getByText('Trigger manually').first().click();
	await stage.node('When clicking ‘Execute workflow’').waitFor();
	await page.getByTestId('node-creator-plus-button').click();
	const names = page.getByTestId('node-creator-item-name');
	for (const words of ['phone system', 'call log', 'license key', 'sip trunk', 'recording', 'queue']) {
		await page.getByTestId('node-creator-search-bar').fill(words);
		await names.getByText('3CX', { exact: true }).first().waitFor();
	}
	await names.getByText('3CX', { exact: true }).first().click();
	const job = page.getByText('Replace group license key').first();
	await job.waitFor();
	// Those further down are drawn as one comes to them.
	await picture(page, 'actions', job);
	await page.keyboard.press('Escape');
});

test('from an empty n8n to 13 rows that are answered, with the import of an example and a credential', async () => {
	cpSync(join(root, 'examples/licenses.csv'), join(n8n.files, 'licenses.csv'));
	await page.goto(`${n8n.address}/workflow/new`);
	await page.getByTestId('canvas-add-button').waitFor();
	await page.getByTestId('workflow-import-input').setInputFiles(join(root, 'examples/replace-licenses.workflow.json'));
	await stage.node('3CX').waitFor();

	await stage.openNode('Read spreadsheet');
	await page.getByTestId('parameter-input-fileSelector').locator('input').fill(join(n8n.files, 'licenses.csv'));
	await stage.closeNode();

	await stage.openNode('3CX');
	await page.getByTestId('node-credentials-slot').getByText('Connect to 3CX').click();
	// What n8n fills in itself comes last.
	await page.waitForFunction(() => document.querySelector('[data-test-id="credential-name"]')?.innerText.includes('3CX account'));
	// As the browser shows it.
	const dialog = await stage.saveCredential({ baseUrl: `${simulator.address}/#/login`, ...client });
	await dialog.waitFor({ state: 'hidden' });
	await stage.closeNode();

	await page.getByTestId('execute-workflow-button').click();
	await page.getByTestId('edge-label').getByText('7 items').waitFor();
	assert.equal(await page.getByTestId('edge-label').getByText('6 items').count(), 1);
	assert.equal((await simulator.ledger()).length, 6, 'six keys, one of them told to be there already');
});

test('opening the node takes about as long as opening another of n8n’s', async (t) => {
	const rival = { name: 'Notion', type: 'n8n-nodes-base.notion', typeVersion: 2.2, parameters: {} };
	const own = { name: '3CX', type: 'n8n-nodes-3cx.threecx', typeVersion: 1.1, parameters: {} };
	const nodes = [own, rival].map((one, index) => ({ ...one, id: one.name, position: [0, 200 * index] }));
	const { id } = await n8n.saveWorkflow({ nodes, connections: {} });
	await page.goto(`${n8n.address}/workflow/${id}`);
	const times = { '3CX': [], Notion: [] };
	for (let round = 0; round < 10; round++) {
		for (const name of Object.keys(times)) {
			await stage.node(name).waitFor();
			const began = performance.now();
			await stage.openNode(name);
			await page.getByTestId('parameter-input-operation').waitFor();
			// The first of each loads what is loaded once.
			if (round > 0) times[name].push(performance.now() - began);
			await stage.closeNode();
			await page.getByTestId('ndv').waitFor({ state: 'hidden' });
		}
	}
	const median = (values) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
	const ratio = median(times['3CX']) / median(times.Notion);
	t.diagnostic(`3CX takes ${ratio.toFixed(2)} times as long as Notion`);
	// Each of its resources is a line of a list that n8n draws at once; Notion has six.
	assert.ok(ratio <= 2, `${ratio.toFixed(2)} times as long`);
});

test('nothing went wrong in the page', () => assert.deepEqual(page.problems, []));
