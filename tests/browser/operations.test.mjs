// Operations other than the flagship, as a person meets them in n8n's editor.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { until } from '../../scripts/lib/run.mjs';
import { client } from '../../scripts/lib/simulator.mjs';
import { workflow } from '../n8n/support.mjs';
import { picture, Stage } from './support.mjs';

let credentials;
let n8n;
let page;
let simulator;
let stage;

before(async () => {
	stage = await Stage.open('--build', '20.0.10.1');
	({ n8n, page, simulator } = stage);
	credentials = {
		threecxOAuth2Api: await n8n.credential('threecxOAuth2Api', { baseUrl: simulator.address, ...client }, '3CX'),
	};
});

after(() => stage?.close());

beforeEach(() => simulator.reset());

/** Opens the node of a new workflow. */
async function openNode(rows, parameters) {
	const { id } = await n8n.rest('POST', '/workflows', workflow({ rows, parameters, credentials }));
	await page.goto(`${n8n.address}/workflow/${id}`);
	await stage.openNode();
}

const execute = async (text) => {
	await page.getByTestId('node-execute-button').click();
	await page.getByTestId('output-panel').getByText(text).first().waitFor();
};

test('a user is made from a spreadsheet row, its columns mapped by n8n', async () => {
	const rows = [
		{ Number: 900, 'First Name': 'Ann', 'Last Name': "O'Neil", 'Email Address': 'ann@example.com' },
		{ Number: 901, 'First Name': 'Bea', 'Last Name': 'Bell', 'Email Address': 'bea@example.com' },
	];
	await openNode(rows, { resource: 'Users', operation: 'Create User' });
	await page.getByTestId('mapping-mode-select').click();
	await page.locator('.el-select-dropdown__item:visible', { hasText: 'Map Automatically' }).click();
	await execute('Ann');
	await page.getByTestId('output-panel').getByTestId('radio-button-table').click();
	await picture(page, 'create-users', page.getByTestId('ndv'));
	const made = (await simulator.log()).requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/Users'));
	// Both are under way at the same moment.
	assert.deepEqual(made.map(({ body }) => body).toSorted((one, other) => one.Number - other.Number), [
		{ Number: '900', FirstName: 'Ann', LastName: "O'Neil", EmailAddress: 'ann@example.com' },
		{ Number: '901', FirstName: 'Bea', LastName: 'Bell', EmailAddress: 'bea@example.com' },
	]);
});

test('queues are listed with a filter that is put together from lists', async () => {
	await openNode([{}], { resource: 'Queues', operation: 'List Queue' });
	const filters = page.getByTestId('fixed-collection-filters');
	await filters.getByText('Add Condition').click();
	const choose = async (name, text) => {
		await filters.getByTestId(`parameter-input-${name}`).locator('input').first().click();
		await page.keyboard.type(text);
		await page.locator('.el-select-dropdown__item:visible', { hasText: new RegExp(`^\\s*${text}\\s*$`) }).click();
	};
	await choose('field', 'Number');
	await choose('operator', 'Greater Than');
	await filters.getByTestId('parameter-input-value').locator('input').or(filters.locator('input[data-test-id="parameter-input-value"]')).first().fill('105');
	await execute('Number');
	await page.getByTestId('output-panel').getByTestId('radio-button-table').click();
	await picture(page, 'list-queues', page.getByTestId('ndv'));
	const [asked] = (await simulator.log()).requests.filter(({ path, status }) => path.endsWith('/Queues') && status === 200);
	assert.match(decodeURIComponent(asked.query), /\$filter=Number gt '105'/);
});

test('a report is asked for without typing: its period and time zone stand there', async () => {
	await openNode([{}], { resource: 'Report Abandoned Chats Statistics', operation: 'Download Abandoned Chats Statistics' });
	const form = page.getByTestId('ndv');
	await form.getByText('Client Time Zone').first().waitFor();
	assert.equal(await form.getByText('Queue DN').count(), 0, 'what is not needed is added on wish');
	await picture(page, 'report', page.getByTestId('ndv'));
	await page.getByTestId('node-execute-button').click();
	const asked = await until(async () => {
		const { requests } = await simulator.log();
		return requests.find(({ path, status }) => path.includes('Pbx.DownloadAbandonedChatsStatistics') && status === 200);
	}, 'The report is not asked for');
	const [, start, end, zone] = /startDt=([^,]+),endDt=([^,]+),.*clientTimeZone='([^']+)'/.exec(decodeURIComponent(asked.path));
	assert.equal(Math.round((Date.parse(end) - Date.parse(start)) / 86_400_000 - 0.5), 7);
	assert.ok(Intl.supportedValuesOf('timeZone').includes(zone) || zone === 'UTC', zone);
});

test('a recording is downloaded', async () => {
	await openNode([{ recording: 3 }], {
		resource: 'Recordings',
		operation: 'Download Recording',
		arguments: { mappingMode: 'defineBelow', value: { recId: '={{ $json.recording }}' } },
	});
	await execute('DownloadRecording.wav');
	await picture(page, 'download-recording', page.getByTestId('ndv'));
	const panel = page.getByTestId('output-panel');
	const waiting = page.waitForEvent('download');
	await panel.getByTestId('ndv-download-binary-data').click();
	const download = await waiting;
	assert.equal(download.suggestedFilename(), 'DownloadRecording.wav');
});

test('nothing went wrong in the page', () => assert.deepEqual(page.problems, []));
