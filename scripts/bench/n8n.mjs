// Runs in a real n8n: the rows of a CSV file through one node, by n8n's command line.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { N8n } from '../lib/n8n.mjs';
import { root } from '../lib/run.mjs';
import { generated, installGenerated } from './generated.mjs';

/** What stands for a row's column in a field of the form, as dragging writes it. */
const dragged = { rowsFrom: 'fields', groupId: { __rl: true, mode: 'id', value: '={{ $json.groupId }}' } };

/** Each is given a node's entry for its credential, and the address that this leads to. */
const nodes = {
	'No Operation': () => ({ type: 'n8n-nodes-base.noOp', typeVersion: 1, parameters: {} }),
	'HTTP Request': (credentials, baseUrl) => ({
		type: 'n8n-nodes-base.httpRequest',
		typeVersion: 4.2,
		credentials,
		parameters: {
			method: 'POST',
			url: `${baseUrl}/xapi/v1/Groups/Pbx.ReplaceGroupLicenseKey`,
			authentication: 'predefinedCredentialType',
			nodeCredentialType: 'threecxApi',
			sendBody: true,
			specifyBody: 'json',
			jsonBody: '={{ JSON.stringify({ groupId: $json.groupId, licenseKey: $json.licenseKey }) }}',
			options: {},
		},
	}),
	generated,
	'3CX': (credentials) => flagship(credentials, {}),
	'3CX dragged': (credentials) => flagship(credentials, { ...dragged, licenseKey: '={{ $json.licenseKey }}' }),
	'3CX evaluated': (credentials) => flagship(credentials, { ...dragged, licenseKey: '={{ $json.licenseKey.trim() }}' }),
	'3CX without Confirm': (credentials) => flagship(credentials, { options: { confirm: false } }),
};

export class InN8n {
	/** With a workflow for each of the cells. */
	static async start(pbx, cells) {
		const n8n = await N8n.create();
		const rival = installGenerated(n8n);
		const credentials = new Map();
		const workflows = new Map();
		for (const cell of cells) {
			const entry = { id: `bench-${cell.tls ?? 'plain'}`, name: '3CX' };
			credentials.set(entry.id, { ...entry, type: 'threecxApi', data: pbx.credentials(cell) });
			workflows.set(id(cell), { id: id(cell), ...workflow(n8n, pbx, cell, entry) });
		}
		await n8n.import({ credentials: [...credentials.values()], workflows: [...workflows.values()] });
		return new InN8n(n8n, rival, pbx.env);
	}

	constructor(n8n, rival, env) {
		this.n8n = n8n;
		this.env = env;
		/** What the generated node is. */
		this.rival = rival;
		this.usage = join(n8n.folder, 'usage.json');
	}

	/** What the node took by n8n's own note, No Operation from the process's start to its end; and what failed. */
	async run(cell) {
		rmSync(this.usage, { force: true });
		const env = { ...this.env, NODE_OPTIONS: `--require ${join(root, 'scripts/bench/usage.cjs')}`, BENCH_USAGE: this.usage };
		const started = performance.now();
		const run = await this.n8n.execute(id(cell), { env }).catch((error) => ({ error }));
		const whole = (performance.now() - started) / 1000;
		// An n8n that was killed leaves none.
		const usage = existsSync(this.usage) ? JSON.parse(readFileSync(this.usage, 'utf8')) : { seconds: whole, cpu: NaN, memory: NaN };
		const seconds = (cell.who !== 'No Operation' && run.seconds?.('Node')) || usage.seconds;
		return { ...usage, seconds, error: run.error?.message.split('\n')[0] };
	}

	stop = () => this.n8n.remove();
}

const id = ({ who, rows, tls }) => `${who} ${rows} ${tls ?? 'plain'}`.toLowerCase().replaceAll(' ', '-');

/** A CSV file with the rows; gives its path. */
function spreadsheet(n8n, rows) {
	const file = join(n8n.files, `${rows.length}.csv`);
	const lines = rows.map(({ groupId, licenseKey }) => `${groupId},${licenseKey}`);
	writeFileSync(file, ['groupId,licenseKey', ...lines].join('\n'));
	return file;
}

function flagship(credentials, parameters) {
	return {
		type: 'n8n-nodes-3cx.threecx',
		typeVersion: 1,
		credentials,
		parameters: {
			authentication: 'accessToken',
			resource: 'Groups',
			operation: 'Replace Group License Key',
			rowsFrom: 'columns',
			...parameters,
		},
	};
}

/** Start -> file -> rows -> the node, which finds its credential by an entry. */
export function workflow(n8n, pbx, cell, credential) {
	const node = nodes[cell.who]({ threecxApi: credential }, pbx.credentials(cell).baseUrl);
	const place = (own, index) => ({ id: `${index}`, typeVersion: 1, position: [index * 200, 0], ...own });
	const read = { operation: 'read', fileSelector: spreadsheet(n8n, pbx.rows(cell.rows)), options: {} };
	const chain = [
		{ name: 'Start', type: 'n8n-nodes-base.manualTrigger', parameters: {} },
		{ name: 'File', type: 'n8n-nodes-base.readWriteFile', parameters: read },
		{ name: 'Rows', type: 'n8n-nodes-base.extractFromFile', parameters: { operation: 'csv', options: {} } },
		{ name: 'Node', ...node },
	].map(place);
	const links = chain.slice(1).map(({ name: to }, index) => [
		chain[index].name,
		{ main: [[{ node: to, type: 'main', index: 0 }]] },
	]);
	return { name: id(cell), nodes: chain, connections: Object.fromEntries(links), settings: {}, active: false };
}
