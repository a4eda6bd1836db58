// npm test: everything. npm run test:fast: all but the fuzzers and what needs an n8n.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildSimulator, buildTarball, installJudges, installN8n, installTools } from './lib/install.mjs';
import { root, say } from './lib/run.mjs';

const fast = process.argv.includes('--fast');
const started = Date.now();

/** Shows what it prints; the first step that fails ends everything. */
function step(title, command, ...args) {
	say(title);
	const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
	if (error) throw error;
	if (status !== 0) {
		console.error(`✗ ${title}: ended with ${signal ?? status}`);
		process.exit(1);
	}
}
/** Each file by itself: what a test prints can break the channel between Node 20's runner and its files. */
function nodeTests(title, folder) {
	const files = readdirSync(join(root, folder)).filter((name) => name.endsWith('.test.mjs'));
	for (const file of files) step(`${title} (${file})`, process.execPath, '--test-reporter=spec', join(folder, file));
}

step('Formatting', 'cargo', 'fmt', '--all', '--check');
step('Formatting of the fuzzers', 'cargo', 'fmt', '--manifest-path', 'fuzz/Cargo.toml', '--check');
await buildTarball();
step('Clippy', 'cargo', 'clippy', '--quiet', '--workspace', '--all-targets', '--', '-D', 'warnings');
const wasm = ['--package', 'threecx-core', '--target', 'wasm32-unknown-unknown'];
step('Clippy for WebAssembly', 'cargo', 'clippy', '--quiet', ...wasm, '--', '-D', 'warnings');
step('Rust tests', 'cargo', 'test', '--quiet', '--workspace');
step('The engine under 20,000 schedules of faults', 'cargo', 'xtask', 'simulate', '--seeds', '20000');
await buildSimulator();
await installTools();
nodeTests('The package: linter, scanner, size, commands of the documents', 'tests/package/');
nodeTests('The built module through execute', 'tests/portable/');
await installJudges();
nodeTests('Every operation', 'tests/operations/');
if (!fast) {
	step('Mistakes planted in the engine are found', 'cargo', 'xtask', 'mutations');
	step('Fuzzing', 'cargo', 'xtask', 'fuzz', '--seconds', '15');
	await installN8n();
	nodeTests('The node in a real n8n', 'tests/n8n/');
	nodeTests('The editor in Chromium', 'tests/browser/');
	step('npm start', process.execPath, 'scripts/start.mjs', '--once');
	step('npm run bench', process.execPath, 'scripts/bench.mjs', '--check');
}
say(`All passed in ${Math.round((Date.now() - started) / 1000)} s`);
