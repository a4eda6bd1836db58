// The simulated PBX, and its control interface.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { simulatorBinary } from './install.mjs';
import { stop } from './run.mjs';

/** Client credentials that the simulator takes. */
export const client = { clientId: 'n8n', clientSecret: 'simulator-secret' };

export class Simulator {
	static async start(...flags) {
		if (!existsSync(simulatorBinary)) {
			throw new Error('The simulator is not compiled: cargo build --release -p threecx-simulator');
		}
		const child = spawn(simulatorBinary, ['--port', '0', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
		const [line] = await new Promise((resolve, reject) => {
			createInterface({ input: child.stdout }).once('line', (text) => resolve([text]));
			child.once('error', reject);
			child.once('exit', (code) => reject(new Error(`The simulator ended with ${code}`)));
		});
		return new Simulator(child, JSON.parse(line).address);
	}

	constructor(child, address) {
		this.child = child;
		this.address = address;
	}

	async #call(method, path, body, type = 'application/json') {
		const answer = await fetch(`${this.address}/_simulator/${path}`, {
			method,
			headers: { 'Content-Type': type },
			body: typeof body === 'string' ? body : body && JSON.stringify(body),
		});
		const text = await answer.text();
		if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
		return text ? JSON.parse(text) : undefined;
	}

	log = () => this.#call('GET', 'log');
	ledger = async () => (await this.#call('GET', 'ledger')).applied;
	switches = (changes) => this.#call('PATCH', 'switches', changes);
	reset = () => this.#call('POST', 'reset');
	/** What a set (`/EventLogs`) or a report (`/ReportCallLogData`) has from now on. */
	records = (path, records) => this.#call('POST', 'records', { path, records });
	/** Uploads a CRM template, as an administrator does in 3CX. */
	uploadTemplate = (xml) => this.#call('POST', 'crm/template', xml, 'application/xml');
	/** Enters values of the template's parameters. */
	enterParameters = (values) => this.#call('POST', 'crm/parameters', values);
	/** Lets a call end or come in: 3CX posts as the template says. Gives `posts`, and the `contact` that it shows. */
	occasion = (scenario, variables, agents = []) => this.#call('POST', 'crm/occasion', { scenario, variables, agents });
	outage = (ms) => this.#call('POST', 'outage', { ms });
	/** Each rule: `{match?, skip?, times?, fault: {kind, …}}`. */
	faults = (...rules) => this.#call('POST', 'faults', { faults: rules });

	/** The replacements that arrived. */
	async replacements() {
		return (await this.log()).requests.filter(({ path }) => path.endsWith('ReplaceGroupLicenseKey'));
	}

	stop = () => stop(this.child);
}
