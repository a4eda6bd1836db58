// Running other programs, with progress for the long ones.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';

export const root = new URL('../..', import.meta.url).pathname.replace(/\/$/, '');

/** Says what is going on. */
export const say = (text) => console.log(`• ${text}`);

/**
 * Runs a program to its end and gives its output. Says every ten seconds that it is still at it; what the program
 * printed is shown only if it fails. `file` takes the output of a program that ends before a pipe has taken all of it.
 */
export function run(command, args, { title, env, cwd = root, echo = false, file, uid, gid } = {}) {
	return new Promise((resolve, reject) => {
		const started = Date.now();
		const seconds = () => Math.round((Date.now() - started) / 1000);
		if (title) say(title);
		const output = file && openSync(file, 'w');
		const child = spawn(command, args, {
			cwd,
			uid,
			gid,
			env: { ...process.env, ...env },
			stdio: ['ignore', output ?? (echo ? 'inherit' : 'pipe'), echo ? 'inherit' : 'pipe'],
		});
		const ticker = title && setInterval(() => say(`  … ${title.split(' (')[0]}, ${seconds()} s`), 10_000);
		let stdout = '';
		let stderr = '';
		child.stdout?.on('data', (data) => (stdout += data));
		child.stderr?.on('data', (data) => (stderr += data));
		child.on('error', reject);
		child.on('close', (code, signal) => {
			clearInterval(ticker);
			if (file) {
				closeSync(output);
				stdout = readFileSync(file, 'utf8');
			}
			if (code === 0) return resolve({ stdout, stderr });
			const end = (text) => text.slice(-8000);
			const error = new Error(
				`${command} ${args.join(' ')} ended with ${signal ?? code}\n${end(stdout)}\n${end(stderr)}`,
			);
			// Not among what an uncaught error prints.
			Object.defineProperty(error, 'stdout', { value: stdout });
			reject(error);
		});
	});
}

/** Waits for a condition. Ten minutes are far more than anything takes that we wait for. */
export async function until(isSo, told = 'What is waited for does not come') {
	const deadline = Date.now() + 600_000;
	for (;;) {
		const value = await isSo();
		if (value) return value;
		if (Date.now() > deadline) throw new Error(told);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

/** Ends a child process and waits for it. */
export async function stop(child, signal = 'SIGTERM') {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const gone = new Promise((resolve) => child.once('close', resolve));
	child.kill(signal);
	const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
	await gone;
	clearTimeout(timer);
}

export function freePort() {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once('error', reject);
		server.listen(0, '127.0.0.1', () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}
