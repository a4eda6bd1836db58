// Rows carried out in a process that trusts the tests' certificates: Node.js reads NODE_EXTRA_CA_CERTS at its start only.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stop } from '../../scripts/lib/run.mjs';

export class Client {
	#folder = mkdtempSync(join(tmpdir(), 'wire-3cx-'));
	#waiting = new Map();
	#runs = 0;

	/** `authorities`: certificates as PEM. */
	constructor(authorities) {
		const file = join(this.#folder, 'authorities.pem');
		writeFileSync(file, authorities);
		this.process = fork(new URL('client.mjs', import.meta.url), { env: { ...process.env, NODE_EXTRA_CA_CERTS: file } });
		this.process.on('message', ({ id, items, error }) => {
			const { resolve, reject } = this.#waiting.get(id);
			this.#waiting.delete(id);
			if (error) reject(new Error(error));
			else resolve(items);
		});
		this.process.once('exit', (code, signal) => {
			for (const { reject } of this.#waiting.values()) reject(new Error(`The process ended with ${signal ?? code}`));
		});
	}

	/** Rows as JSON, and `{ address, token, timeout, concurrency, confirm }`; gives the items. */
	run = (rows, options) =>
		new Promise((resolve, reject) => {
			const id = this.#runs++;
			this.#waiting.set(id, { resolve, reject });
			this.process.send({ id, rows, ...options });
		});

	async stop() {
		await stop(this.process);
		rmSync(this.#folder, { recursive: true });
	}
}
