// Steps of a command that go on when one fails, and an end that lists all that did, and tests that were skipped.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { root, run, say } from './run.mjs';

const seconds = (since) => `${Math.round((Date.now() - since) / 1000)} s`;

/** How node:test's reporter `spec` and Cargo name a test that they skip, and why. */
const SKIPPED = [/^\s*﹣ (.+) \([\d.]+ms\) # (.+)$/gm, /^test (.+) \.\.\. ignored(?:, (.+))?$/gm];

export class Steps {
	#started = Date.now();
	/** What failed, as the end tells it. */
	failed = [];
	/** Tests that were skipped, likewise. */
	skipped = [];

	/**
	 * Does a step; gives its title and whether it went well. One that needs a step that failed fails with it. Two can be
	 * under way at once: the second is begun without waiting for the first, and what needs both waits for both.
	 */
	async step(title, needs, work) {
		try {
			const missing = (await Promise.all(needs)).filter(({ passed }) => !passed).map((need) => need.title);
			if (missing.length > 0) throw new Error(`cannot be done without: ${missing.join(', ')}`);
			const started = Date.now();
			await work();
			say(`${title}: passed in ${seconds(started)}`);
			return { title, passed: true };
		} catch ({ message }) {
			this.failed.push(`${title}: ${message.split('\n')[0]}`);
			console.error(`✗ ${title}: ${message}`);
			return { title, passed: false };
		}
	}

	/** A program that shows what it prints. */
	command(title, needs, program, ...args) {
		return this.#program(title, needs, 'inherit', program, args);
	}

	#program(title, needs, output, program, args) {
		return this.step(title, needs, async () => {
			say(title);
			const child = spawn(program, args, { cwd: root, stdio: ['ignore', output, output] });
			const printed = [];
			for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => printed.push(data));
			const [status, signal] = await once(child, 'close');
			const text = Buffer.concat(printed).toString();
			process.stdout.write(text.replace(/^test .+ \.\.\. ok\n/gm, ''));
			this.#noteSkipped(title, stripVTControlCharacters(text));
			if (status !== 0) throw new Error(`ended with ${signal ?? status}`);
		});
	}

	#noteSkipped(title, text) {
		for (const [, name, why] of SKIPPED.flatMap((pattern) => [...text.matchAll(pattern)])) {
			this.skipped.push(`${title}: ${name}: ${!why || why === 'SKIP' ? 'no reason given' : why}`);
		}
	}

	/** Cargo's tests. Those that passed are not shown. */
	rustTests(title, needs, ...args) {
		return this.#program(title, needs, 'pipe', 'cargo', ['test', ...args]);
	}

	/** A program beside others: what it prints is shown only if it fails. */
	aside(title, needs, program, ...args) {
		return this.step(title, needs, () => run(program, args));
	}

	/**
	 * Each file by itself: what a test prints can break the channel between Node 20's runner and its files. What a file
	 * prints is shown at its end, in one piece: other steps print meanwhile.
	 */
	async nodeTests(title, needs, folder) {
		const files = readdirSync(join(root, folder)).filter((name) => name.endsWith('.test.mjs'));
		for (const file of files) {
			const args = ['--test-reporter=spec', join(folder, file)];
			await this.#program(`${title} (${file})`, needs, 'pipe', process.execPath, args);
		}
	}

	/** Tells how it went; gives the exit code. */
	end() {
		const took = seconds(this.#started);
		if (this.skipped.length > 0) say(`${this.skipped.length} skipped:\n${this.skipped.map((line) => `﹣ ${line}`).join('\n')}`);
		if (this.failed.length === 0) {
			say(`All passed in ${took}`);
			return 0;
		}
		console.error(`\n${this.failed.length} failed, in ${took}:\n${this.failed.map((line) => `✗ ${line}`).join('\n')}`);
		return 1;
	}
}
