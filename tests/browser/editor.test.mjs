// What a person sees and does in n8n's editor.
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { root } from '../../scripts/lib/run.mjs';
import { client } from '../../scripts/lib/simulator.mjs';
import { flagship, key, workflow } from '../n8n/support.mjs';
import { picture, Stage } from './support.mjs';

let credentials;
let n8n;
let page;
let simulator;
let stage;

before(async () => {
	stage = await Stage.open();
	({ n8n, page, simulator } = stage);
	const data = { baseUrl: simulator.address, ...client };
	credentials = { threecxOAuth2Api: await n8n.credential('threecxOAuth2Api', data, '3CX') };
});

after(() => stage?.close());

beforeEach(() => simulator.reset());

/** Saves a workflow and opens it. */
async function show(definition) {
	const { id } = await n8n.rest('POST', '/workflows', definition);
	await page.goto(`${n8n.address}/workflow/${id}`);
	await stage.node('3CX').waitFor();
}

const execute = async () => {
	await page.getByTestId('node-execute-button').click();
	await page.getByTestId('output-panel').getByText(/\d items?|Row \d+:/).first().waitFor();
};
const output = () => page.getByTestId('output-panel').innerText();
const rows = [
	{ groupId: 28, licenseKey: key(0) },
	{ groupId: 29, licenseKey: key(1, '0000-KEYX') },
	{ groupId: 28, licenseKey: key(2) },
];
const columns = { ...flagship, rowsFrom: 'columns' };

test('the example: a spreadsheet in, replaced keys and rows to look at out', async () => {
	cpSync(join(root, 'examples/licenses.csv'), join(n8n.files, 'licenses.csv'));
	const example = JSON.parse(readFileSync(join(root, 'examples/replace-licenses.workflow.json'), 'utf8'));
	example.nodes.find(({ id }) => id === 'read').parameters.fileSelector = join(n8n.files, 'licenses.csv');
	example.nodes.find(({ id }) => id === '3cx').credentials = credentials;
	delete example.id;
	await show(example);
	// A token that dies half-way is nothing that a person notices.
	await simulator.faults({ match: { path_contains: 'ReplaceGroup' }, skip: 3, fault: { kind: 'expire_token' } });
	await page.getByTestId('execute-workflow-button').click();
	await page.getByTestId('edge-label').getByText('7 items').waitFor();
	assert.equal(await page.getByTestId('edge-label').getByText('6 items').count(), 1);
	assert.equal((await simulator.ledger()).length, 6, 'six keys, one of them told to be there already');
	await page.getByTestId('zoom-to-fit').click();
	await picture(page, 'canvas', page.getByTestId('canvas'));

	await stage.openNode();
	const panel = page.getByTestId('output-panel');
	await panel.getByText(/same group appears with different license keys: rows 4 and 9/).first().waitFor();
	await panel.getByTestId('radio-button-table').click();
	await panel.getByText('****-****-****-0001').first().waitFor();
	await picture(page, 'form', page.getByTestId('ndv'));
	const text = await output();
	for (const [, full] of readFileSync(join(n8n.files, 'licenses.csv'), 'utf8').matchAll(/,([A-Z]{4}.2026.PROA.\d{4}),/g)) {
		assert.ok(!text.includes(full), full);
	}
	await stage.closeNode();
});

test('the form: a masked key, groups to choose from, ten options, columns in place of fields', async () => {
	await show(workflow({ rows: [{}], parameters: { ...flagship, licenseKey: key(0) }, credentials }));
	await stage.openNode();
	const secret = page.getByTestId('parameter-input-licenseKey').locator('input');
	assert.equal(await secret.getAttribute('type'), 'password');
	await page.getByTestId('rlc-input').click();
	await page.getByTestId('rlc-item').first().waitFor();
	await page.getByTestId('rlc-search').fill('harbor');
	await page.getByTestId('rlc-item').getByText('Harbor Consulting (GRP0003)').click();
	const chosen = page.getByTestId('resource-locator-groupId').locator('input').last();
	await assert.doesNotReject(async () => {
		await page.waitForFunction((input) => input.value.includes('Harbor'), await chosen.elementHandle());
	});
	await page.getByTestId('collection-parameter-add').click();
	const names = await page.getByTestId('collection-parameter-option').allInnerTexts();
	const expected = ['Confirm', 'Dry Run', 'Find Groups by Name', 'Max Requests per Second', 'Requests at Once', 'Send Group As', 'Skip Rows Done Before', 'Stop When Groups Cannot Be Read', 'Time Limit', 'Timeout'];
	assert.deepEqual(names.map((name) => name.trim()), expected);
	await page.keyboard.press('Escape');
	await execute();
	assert.deepEqual((await simulator.ledger()).map(({ group_number }) => group_number), ['GRP0003']);
	await page.getByTestId('parameter-input-rowsFrom').click();
	await page.getByText('Input Columns').click();
	await page.getByTestId('parameter-input-groupColumn').waitFor();
	assert.equal(await page.getByTestId('parameter-input-licenseKey').count(), 0);
	await stage.closeNode();
});

test('a workflow of the earlier node opens without complaint and runs', async () => {
	const parameters = { ...flagship, groupId: '={{ $json.groupId }}', licenseKey: '={{ $json.licenseKey }}' };
	await show(workflow({ rows: [rows[0]], parameters, credentials }));
	await stage.openNode();
	assert.equal(await page.getByTestId('parameter-issues').count(), 0);
	await execute();
	await page.getByTestId('output-panel').getByText('DEFAULT').first().waitFor();
	assert.equal((await simulator.ledger()).length, 1);
	await stage.closeNode();
});

test('dry run sends nothing', async () => {
	await show(workflow({ rows, parameters: { ...columns, options: { dryRun: true } }, credentials }));
	await stage.openNode();
	await execute();
	await page.getByTestId('output-panel').getByText('wouldSend').first().waitFor();
	assert.deepEqual(await simulator.replacements(), []);
	await stage.closeNode();
});

test('stop on error names the row, what to do and what was done', async () => {
	await show(workflow({ rows, parameters: { ...columns, options: { requestsAtOnce: 1 } }, credentials }));
	await stage.openNode();
	await execute();
	const text = await output();
	assert.match(text, /Row 2: 3CX refused the request \(400\)/);
	assert.match(text, /Done before the stop: rows 1\./);
	assert.ok(!text.includes('CNRY') && !text.includes('0000-KEYX'), text);
	await stage.closeNode();
});

test('the credential: a wrong API key and a right one', async () => {
	await show(workflow({ rows, parameters: columns, credentials }));
	await stage.openNode();
	await page.getByTestId('node-credentials-select').click();
	await page.getByTestId('node-credentials-select-item-new').click();
	const dialog = await stage.saveCredential({ baseUrl: `${simulator.address}/`, ...client, clientSecret: 'wrong-key' });
	await dialog.getByText(/couldn.t connect|valid user authentication/i).first().waitFor();
	await stage.saveCredential({ clientSecret: client.clientSecret });
	// n8n closes the dialog once the test went well.
	await dialog.waitFor({ state: 'hidden' });
	const calls = (await simulator.log()).requests.map(({ path, status }) => `${path} ${status}`);
	assert.deepEqual(calls, ['/connect/token 401', '/connect/token 200', '/xapi/v1/Defs 200']);
});

test('nothing went wrong in the page', () => {
	assert.deepEqual(page.problems, []);
});
