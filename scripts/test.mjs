// npm test: everything. npm run test:fast: all but the fuzzers and what needs an n8n.
import { changes, snapshot } from './lib/checkout.mjs';
import { buildSimulator, buildTarball, installJudges, installN8n, installServices, installTools, oldest } from './lib/install.mjs';
import { root } from './lib/run.mjs';
import { Steps } from './lib/steps.mjs';

const fast = process.argv.includes('--fast');
const before = snapshot(root);
const steps = new Steps();
let latest = Promise.resolve();
/** Downloads and the compilers of n8n's database drivers: one after the other, beside the steps that do without them. */
const install = (title, work) => (latest = latest.then(() => steps.step(title, [], work)));
const tools = install('Build tools', installTools);
const judges = install('The judges of requests', installJudges);
const [n8n, old, services] = fast
	? []
	: [
			install('n8n', installN8n),
			install('The oldest n8n', () => installN8n(oldest)),
			install('Redis and PostgreSQL', installServices),
		];
const cargo = (title, ...args) => steps.command(title, [], 'cargo', ...args);

await cargo('Formatting', 'fmt', '--all', '--check');
await cargo('Formatting of the fuzzers', 'fmt', '--manifest-path', 'fuzz/Cargo.toml', '--check');
await cargo('The lock file of the fuzzers', 'fetch', '--quiet', '--locked', '--manifest-path', 'fuzz/Cargo.toml');
const tarball = await steps.step('The tarball', [tools], buildTarball);
const simulator = await steps.step('The simulator', [], buildSimulator);
// Two at a time: tests wait much, for what a schedule starts, for answers that come late, for n8n to be there.
await Promise.all([
	inRust().then(() => (fast ? [] : Promise.all([plantedAndFuzzed(), inOtherN8ns()]))),
	ofTheBuilt().then(() => (fast ? [] : inN8n())),
]);
if (!fast) {
	await steps.command('npm start', [tarball, simulator, n8n], process.execPath, 'scripts/start.mjs', '--once');
	// It measures: nothing is to run beside it.
	await steps.command('npm run bench', [tarball, simulator, n8n], process.execPath, 'scripts/bench.mjs', '--check');
}
await steps.step('The checkout is as it was before', [], () => {
	const changed = changes(before, snapshot(root));
	if (changed.length > 0) throw new Error(`${changed.join(', ')} changed meanwhile`);
});
process.exitCode = steps.end();

async function inRust() {
	await cargo('Clippy', 'clippy', '--quiet', '--workspace', '--all-targets', '--', '-D', 'warnings');
	const wasm = ['--package', 'threecx-core', '--target', 'wasm32-unknown-unknown'];
	await cargo('Clippy for WebAssembly', 'clippy', '--quiet', ...wasm, '--', '-D', 'warnings');
	await steps.rustTests('Rust tests', [], '--workspace', '--no-fail-fast');
	await cargo('The engine under 20,000 schedules of faults', 'xtask', 'simulate', '--seeds', '20000');
}

async function ofTheBuilt() {
	await steps.nodeTests('The package: linter, scanner, size, commands of the documents', [tarball], 'tests/package/');
	await steps.nodeTests('The built module through execute', [tarball, simulator], 'tests/portable/');
	await steps.nodeTests('Faults of the wire', [tarball], 'tests/wire/');
	await steps.nodeTests('Every operation', [tarball, simulator, judges], 'tests/operations/');
}

async function plantedAndFuzzed() {
	await steps.aside('Mistakes planted in the engine are found', [], 'cargo', 'xtask', 'mutations');
	await steps.aside('Fuzzing', [], 'cargo', 'xtask', 'fuzz', '--seconds', '15');
}

async function inN8n() {
	await steps.nodeTests('The node in a real n8n', [tarball, simulator, n8n], 'tests/n8n/');
}

async function inOtherN8ns() {
	await steps.nodeTests('The node in the oldest n8n', [tarball, simulator, old], 'tests/oldest/');
	await steps.nodeTests('Many executions at once', [tarball, simulator, n8n, services], 'tests/queue/');
	await steps.nodeTests('The editor in Chromium', [tarball, simulator, n8n], 'tests/browser/');
}
