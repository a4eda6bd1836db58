// The simulated PBX of the measurements: as many groups as there are rows, and a count of what was asked of it.
import { createRequire } from 'node:module';
import { Simulator } from '../lib/simulator.mjs';

export const MOST_ROWS = 10_000;
const { execute } = createRequire(import.meta.url)('../../dist/portable/index.js');

const key = (row) => `BNCH-KEYX-${String(Math.floor(row / 1e4)).padStart(4, '0')}-${String(row % 1e4).padStart(4, '0')}`;
/** Rows with a group and a key each. */
export const rowsOf = (groups) => groups.map((groupId, row) => ({ groupId, licenseKey: key(row) }));

export class Pbx {
	static async start() {
		const simulator = await Simulator.start('--groups', String(MOST_ROWS), '--static-token', 'bench');
		const credentials = { baseUrl: simulator.address, accessToken: 'bench' };
		const all = { operation: 'List Group', parameters: { returnAll: true, select: 'Id' } };
		const groups = await execute([{ json: {} }], credentials, all);
		return new Pbx(simulator, credentials, groups.map(({ json }) => json.Id));
	}

	constructor(simulator, credentials, groups) {
		this.simulator = simulator;
		this.credentials = credentials;
		this.groups = groups;
	}

	rows = (count) => rowsOf(this.groups.slice(0, count));

	/** Does some work against a fresh PBX; tells what arrived there. */
	async watch({ rows, latency }, work) {
		await this.simulator.reset();
		await this.simulator.switches({ groups: rows, latency_ms: latency });
		const measured = await work();
		const { requests, max_in_flight: atOnce } = await this.simulator.log();
		const done = (await this.simulator.ledger()).length;
		return { ...measured, requests: requests.length, atOnce, done };
	}

	stop = () => this.simulator.stop();
}
