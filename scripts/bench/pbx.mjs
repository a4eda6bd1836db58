// The simulated PBX of the measurements, plain and behind wires with TLS, and a count of what was asked of it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificate } from '../lib/certificate.mjs';
import { Wire } from '../lib/latency.mjs';
import { Simulator } from '../lib/simulator.mjs';

export const MOST_ROWS = 10_000;
const require = createRequire(import.meta.url);

const key = (row) => `BNCH-KEYX-${String(Math.floor(row / 1e4)).padStart(4, '0')}-${String(row % 1e4).padStart(4, '0')}`;
/** Rows with a group and a key each. */
export const rowsOf = (groups) => groups.map((groupId, row) => ({ groupId, licenseKey: key(row) }));

export class Pbx {
	/** With a wire for each delay that one of the cells names. */
	static async start(cells) {
		const simulator = await Simulator.start('--groups', String(MOST_ROWS), '--static-token', 'bench');
		// The bench has built it by now.
		const { execute } = require('../../dist/portable/index.js');
		const all = { operation: 'List Group', parameters: { returnAll: true, select: 'Id' } };
		const groups = await execute([{ json: {} }], { baseUrl: simulator.address, accessToken: 'bench' }, all);
		const pair = certificate(['localhost', '127.0.0.1']);
		const delays = new Set(cells.flatMap(({ tls }) => tls ?? []));
		const wires = new Map();
		for (const delay of delays) wires.set(delay, await Wire.start({ to: simulator.address, delay, certificate: pair }));
		return new Pbx(simulator, groups.map(({ json }) => json.Id), wires, pair.cert);
	}

	constructor(simulator, groups, wires, authority) {
		this.simulator = simulator;
		this.groups = groups;
		this.wires = wires;
		this.folder = mkdtempSync(join(tmpdir(), 'bench-3cx-'));
		const file = join(this.folder, 'authority.pem');
		writeFileSync(file, authority);
		/** What makes a Node.js trust the wires. */
		this.env = { NODE_EXTRA_CA_CERTS: file };
	}

	rows = (count) => rowsOf(this.groups.slice(0, count));

	/** Of an API user, for a cell's condition. */
	credentials = ({ tls }) => ({ baseUrl: (this.wires.get(tls) ?? this.simulator).address, accessToken: 'bench' });

	/** Does some work against a fresh PBX; tells what arrived there. */
	async watch({ groups, latency, tls }, work) {
		const wire = this.wires.get(tls);
		await this.simulator.reset();
		await this.simulator.switches({ groups, latency_ms: latency });
		wire?.resetCounts();
		const measured = await work();
		const { requests, max_in_flight: atOnce } = await this.simulator.log();
		const done = (await this.simulator.ledger()).length;
		return { ...measured, ...wire?.counts, requests: requests.length, atOnce, done };
	}

	async stop() {
		for (const wire of this.wires.values()) await wire.stop();
		await this.simulator.stop();
		rmSync(this.folder, { recursive: true });
	}
}
