// Steps of a command that go on when one fails, and an end that lists all that did.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, say } from './run.mjs';

export class Steps {
	#started = Date.now();
	/** What failed, as the end tells it. */
	failed = [];

	/** Does a step; gives its title and whether it went well. One that needs a step that failed fails with it. */
	async step(title, needs, work) {
		try {
			const missing = needs.filter(({ passed }) => !passed).map((need) => need.title);
			if (missing.length > 0) throw new Error(`cannot be done without: ${missing.join(', ')}`);
			await work();
			return { title, passed: true };
		} catch ({ message }) {
			this.failed.push(`${title}: ${message.split('\n')[0]}`);
			console.error(`✗ ${title}: ${message}`);
			return { title, passed: false };
		}
	}

	/** A program that shows what it prints. */
	command(title, needs, program, ...args) {
		return this.step(title, needs, () => {
			say(title);
			const { status, signal, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
			if (error) throw error;
			if (status !== 0) throw new Error(`ended with ${signal ?? status}`);
		});
	}

	/** Each file by itself: what a test prints can break the channel between Node 20's runner and its files. */
	async nodeTests(title, needs, folder) {
		const files = readdirSync(join(root, folder)).filter((name) => name.endsWith('.test.mjs'));
		for (const file of files) {
			await this.command(`${title} (${file})`, needs, process.execPath, '--test-reporter=spec', join(folder, file));
		}
	}

	/** Tells how it went; gives the exit code. */
	end() {
		const took = `${Math.round((Date.now() - this.#started) / 1000)} s`;
		if (this.failed.length === 0) {
			say(`All passed in ${took}`);
			return 0;
		}
		console.error(`\n${this.failed.length} failed, in ${took}:\n${this.failed.map((line) => `✗ ${line}`).join('\n')}`);
		return 1;
	}
}
