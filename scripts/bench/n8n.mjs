// Runs in a real n8n: the rows of a CSV file through one node, by n8n's command line.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { N8n } from '../lib/n8n.mjs';
import { root } from '../lib/run.mjs';
import { SIZES } from './matrix.mjs';
import { generated, installGenerated } from './generated.mjs';

const credentials = { threecxApi: { id: 'bench', name: '3CX' } };

const nodes = {
	'No Operation': () => ({ type: 'n8n-nodes-base.noOp', typeVersion: 1, parameters: {} }),
	'HTTP Request': ({ baseUrl }) => ({
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
	generated: () => generated(credentials),
	'3CX': () => flagship({}),
	'3CX without Confirm': () => flagship({ confirm: false }),
};

export class InN8n {
	static async start(pbx) {
		const n8n = await N8n.create();
		const rival = installGenerated(n8n);
		const workflows = SIZES.flatMap((rows) => {
			const file = join(n8n.files, `${rows}.csv`);
			const lines = pbx.rows(rows).map(({ groupId, licenseKey }) => `${groupId},${licenseKey}`);
			writeFileSync(file, ['groupId,licenseKey', ...lines].join('\n'));
			return Object.entries(nodes).map(([who, node]) => workflow(id(who, rows), node(pbx.credentials), file));
		});
		const { threecxApi } = credentials;
		await n8n.import({ credentials: [{ ...threecxApi, type: 'threecxApi', data: pbx.credentials }], workflows });
		return new InN8n(n8n, rival);
	}

	constructor(n8n, rival) {
		this.n8n = n8n;
		/** What the generated node is. */
		this.rival = rival;
		this.usage = join(n8n.folder, 'usage.json');
	}

	/** What the node took by n8n's own note, No Operation from the process's start to its end; and what failed. */
	async run({ who, rows }) {
		rmSync(this.usage, { force: true });
		const env = { NODE_OPTIONS: `--require ${join(root, 'scripts/bench/usage.cjs')}`, BENCH_USAGE: this.usage };
		const started = performance.now();
		const run = await this.n8n.execute(id(who, rows), { env }).catch((error) => ({ error }));
		const whole = (performance.now() - started) / 1000;
		// An n8n that was killed leaves none.
		const usage = existsSync(this.usage) ? JSON.parse(readFileSync(this.usage, 'utf8')) : { seconds: whole, cpu: NaN, memory: NaN };
		const seconds = (who !== 'No Operation' && run.seconds?.('Node')) || usage.seconds;
		return { ...usage, seconds, error: run.error?.message.split('\n')[0] };
	}

	stop = () => this.n8n.remove();
}

const id = (who, rows) => `${who} ${rows}`.toLowerCase().replaceAll(' ', '-');

function flagship(options) {
	return {
		type: 'n8n-nodes-3cx.threecx',
		typeVersion: 1,
		credentials,
		parameters: {
			authentication: 'accessToken',
			resource: 'Groups',
			operation: 'Replace Group License Key',
			rowsFrom: 'columns',
			options,
		},
	};
}

/** Start -> file -> rows -> the node. */
function workflow(id, node, file) {
	const place = (own, index) => ({ id: `${index}`, typeVersion: 1, position: [index * 200, 0], ...own });
	const read = { operation: 'read', fileSelector: file, options: {} };
	const nodes = [
		{ name: 'Start', type: 'n8n-nodes-base.manualTrigger', parameters: {} },
		{ name: 'File', type: 'n8n-nodes-base.readWriteFile', parameters: read },
		{ name: 'Rows', type: 'n8n-nodes-base.extractFromFile', parameters: { operation: 'csv', options: {} } },
		{ name: 'Node', ...node },
	].map(place);
	const links = nodes.slice(1).map(({ name: to }, index) => [
		nodes[index].name,
		{ main: [[{ node: to, type: 'main', index: 0 }]] },
	]);
	return { id, name: id, nodes, connections: Object.fromEntries(links), settings: {}, active: false };
}
