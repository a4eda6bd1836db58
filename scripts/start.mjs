// npm start: a real n8n with the node, a simulated PBX and the example workflow, run once.
// `npm start -- --once` ends after the run; otherwise the editor stays open until Ctrl-C.
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSimulator, buildTarball, installN8n } from './lib/install.mjs';
import { N8n, owner } from './lib/n8n.mjs';
import { root, say } from './lib/run.mjs';
import { client, Simulator } from './lib/simulator.mjs';

const once = process.argv.includes('--once');
const example = (name) => JSON.parse(readFileSync(join(root, 'examples', `${name}.workflow.json`), 'utf8'));

await buildTarball();
await buildSimulator();
await installN8n();

const simulator = await Simulator.start();
const n8n = await N8n.create();
let closing;
const close = () => (closing ??= Promise.all([n8n.remove(), simulator.stop()]));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => close().then(() => process.exit(0)));

try {
	cpSync(join(root, 'examples/licenses.csv'), join(n8n.files, 'licenses.csv'));
	const workflows = ['replace-licenses', 'replace-licenses-dry-run'].map(example);
	for (const { nodes } of workflows) {
		nodes.find(({ id }) => id === 'read').parameters.fileSelector = join(n8n.files, 'licenses.csv');
	}
	const data = { baseUrl: simulator.address, ...client };
	say('Importing credential and example workflows into n8n');
	await n8n.import({ credentials: [{ id: 'threecx', name: '3CX', type: 'threecxOAuth2Api', data }], workflows });
	const run = await n8n.execute(workflows[0].id, { title: `Running the workflow “${workflows[0].name}” in n8n` });
	if (run.error) throw new Error(run.error.message);
	printTable(run.items('Rows'), [...run.items('3CX', 0), ...run.items('3CX', 1)]);
	if (!once) await leaveOpen();
} finally {
	await close();
}

/** One line for each row of the spreadsheet. */
function printTable(rows, results) {
	const byRow = new Map(results.map((item) => [item.pairedItem.item, item.json]));
	const table = rows.map(({ json: row }, index) => {
		const result = byRow.get(index);
		if (!result) throw new Error(`Row ${index + 1} has no result`);
		const remarks = result.error ? [`${result.error}.`, result.message] : (result.warnings ?? []);
		const key = result.error ? (result.details.licenseKey ?? '') : result.licenseKey;
		const state = result.error ? `✗ ${result.details.outcome}` : result.changed ? '✓ replaced' : '✓ as before';
		return [String(index + 1), row.Customer, row['Group ID'], key, state, remarks.join(' ')];
	});
	const head = ['Row', 'Customer', 'Group', 'Key', 'Result', 'What happened, and what to do'];
	const lines = [head, ...table];
	const widths = head.slice(0, -1).map((_, column) => Math.max(...lines.map((line) => [...line[column]].length)));
	console.log();
	for (const line of lines) {
		console.log(line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
	}
	const failed = table.filter((line) => line[4].startsWith('✗')).length;
	console.log(`\n${rows.length} rows: ${rows.length - failed} done, ${failed} to look at\n`);
}

async function leaveOpen() {
	say('Starting the editor');
	await n8n.serve({ port: Number(process.env.PORT ?? 5678) });
	console.log(`\nEditor:    ${n8n.address}   (${owner.email} / ${owner.password})`);
	console.log(`Simulator: ${simulator.address}   (client ID ${client.clientId}, API key ${client.clientSecret})`);
	console.log('Ctrl-C ends both.\n');
	await new Promise((resolve) => n8n.server.once('close', resolve));
}
