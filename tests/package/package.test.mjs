// What n8n asks of a package, and what we promise of ours.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { analyzePackage } from '@n8n/scan-community-package/scanner/scanner.mjs';
import { tarball } from '../../scripts/lib/install.mjs';
import { root } from '../../scripts/lib/run.mjs';

let folder;

before(() => {
	folder = mkdtempSync(join(tmpdir(), 'package-3cx-'));
	execFileSync('tar', ['-xzf', tarball(), '-C', folder]);
});

after(() => rmSync(folder, { recursive: true, force: true }));

test("n8n's linter has no finding", () => {
	const { status, stdout } = spawnSync('npx', ['--no-install', 'n8n-node', 'lint'], { cwd: root, encoding: 'utf8' });
	assert.equal(status, 0, stdout);
});

test("n8n's scanner has no finding in the source", async () => {
	const source = join(folder, 'source');
	for (const part of ['package.json', 'nodes', 'credentials']) cpSync(join(root, part), join(source, part), { recursive: true });
	assert.deepEqual(await analyzePackage(source), { passed: true });
});

test("n8n's scanner has no finding in the tarball, and would have one", async () => {
	const unpacked = join(folder, 'package');
	assert.deepEqual(await analyzePackage(unpacked), { passed: true });
	const broken = join(folder, 'broken');
	cpSync(unpacked, broken, { recursive: true });
	cpSync(join(root, 'tests/package/forbidden.js'), join(broken, 'dist/forbidden.js'));
	assert.equal((await analyzePackage(broken)).passed, false);
});

test('the tarball has at most 750 KB, no dependency and no script that runs on installation', () => {
	assert.ok(statSync(tarball()).size <= 750_000, `${statSync(tarball()).size} bytes`);
	const manifest = JSON.parse(readFileSync(join(folder, 'package/package.json'), 'utf8'));
	assert.equal(manifest.dependencies, undefined);
	assert.deepEqual(manifest.peerDependencies, { 'n8n-workflow': '*' });
	assert.equal(manifest.n8n.strict, true);
	for (const hook of ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish']) {
		assert.equal(manifest.scripts[hook], undefined);
	}
});

test('installing the tarball brings nothing else', () => {
	const target = join(folder, 'installed');
	mkdirSync(target);
	execFileSync('npm', ['install', '--prefix', target, '--offline', '--no-audit', '--no-fund', tarball()], { encoding: 'utf8' });
	const installed = readdirSync(join(target, 'node_modules')).filter((name) => !name.startsWith('.'));
	assert.deepEqual(installed, ['n8n-nodes-3cx']);
});

test('the licenses of what the module is made of come with it', () => {
	const notices = readFileSync(join(folder, 'package/dist/portable/THIRD-PARTY-NOTICES.txt'), 'utf8');
	for (const name of ['wasm-bindgen', 'serde_json']) assert.match(notices, new RegExp(`^${name} \\d`, 'm'));
	assert.match(notices, /Permission is hereby granted/);
});

/** The module's bytes, of which the first is 0. */
const decoded = (text) => Buffer.from(text, 'latin1').map((byte) => byte - text.charCodeAt(0));

test('no path of the machine that built it is inside', () => {
	const file = (name) => readFileSync(join(folder, 'package/dist/portable', name), 'utf8');
	const module = file('wasm.js');
	const binary = decoded(JSON.parse(file('wasm.json'))).toString('latin1');
	assert.ok(binary.startsWith('\0asm'));
	for (const path of [root, process.env.HOME, '.cargo/registry']) {
		assert.ok(!module.includes(path) && !binary.includes(path), path);
	}
});

/**
 * In a new process: how long the module takes to its first instance, by what reading its files and WebAssembly alone
 * take. `first` is what goes first, as the second finds some things warm.
 */
function loading(first) {
	const script = `
		const { readFileSync } = require('node:fs');
		const folder = ${JSON.stringify(join(folder, 'package/dist/portable/'))};
		const decoded = ${decoded};
		// Other bytes of the same meaning: V8 would compile the same ones only once.
		const bytes = Buffer.concat([decoded(JSON.parse(readFileSync(folder + 'wasm.json', 'utf8'))), Buffer.from([0, 2, 1, 0x78])]);
		const works = {
			module() {
				const { compile, create } = require(folder + 'wasm.js');
				create(compile(), { queueMicrotask });
			},
			alone() {
				for (const file of ['wasm.js', 'wasm.json']) readFileSync(folder + file);
				const module = new WebAssembly.Module(bytes);
				const imports = {};
				for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => {};
				new WebAssembly.Instance(module, imports);
			},
		};
		const took = {};
		for (const name of process.argv.slice(1)) {
			const started = performance.now();
			works[name]();
			took[name] = performance.now() - started;
		}
		console.log(JSON.stringify(took));`;
	const order = first === 'module' ? ['module', 'alone'] : ['alone', 'module'];
	return JSON.parse(execFileSync(process.execPath, ['-e', script, ...order], { encoding: 'utf8' }));
}

test('the module is decoded and compiled once in a process', async (context) => {
	const portable = join(folder, 'package/dist/portable/');
	const text = JSON.parse(readFileSync(`${portable}wasm.json`, 'utf8'));
	const from = context.mock.method(Buffer, 'from');
	const compile = context.mock.method(WebAssembly, 'compile');
	const Module = context.mock.method(WebAssembly, 'Module');
	const { execute } = createRequire(import.meta.url)(`${portable}index.js`);
	const items = [{ json: { groupId: 28, licenseKey: 'CNRY-KEYX-0000-0001' } }];
	const fetch = async () => ({ status: 204, headers: { get: () => null }, text: async () => '' });
	const run = () => execute(items, { baseUrl: 'pbx', accessToken: 't' }, { fetch, parameters: { confirm: false } });
	for (const [{ json }] of await Promise.all([run(), run(), run()])) assert.ok(json.success);
	assert.deepEqual([compile.mock.callCount(), Module.mock.callCount()], [1, 0]);
	const calls = from.mock.calls.filter(({ arguments: [, encoding] }) => encoding === 'latin1');
	const characters = calls.reduce((sum, { arguments: [text] }) => sum + text.length, 0);
	assert.equal(characters, text.length);
});

test('loading and the first instance take at most four times what WebAssembly alone takes', () => {
	const rounds = Array.from({ length: 20 }, (_, round) => loading(round % 2 ? 'module' : 'alone'));
	const [module, alone] = ['module', 'alone'].map((name) => median(rounds.map((took) => took[name])));
	assert.ok(module <= 4 * alone, `${module.toFixed(1)} ms by ${alone.toFixed(1)} ms`);
});

const median = (values) => values.toSorted((one, other) => one - other)[values.length >> 1];

test('the README names the Node.js that n8n is tested with', () => {
	const { node } = JSON.parse(readFileSync(join(root, 'tests/n8n/package.json'), 'utf8')).dependencies;
	const named = readFileSync(join(root, 'README.md'), 'utf8').match(/n8n needs Node\.js (\d+)/)[1];
	assert.equal(named, node.split('.')[0]);
});

test('every command of the README is one of package.json or of cargo', () => {
	const { scripts, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
	const readme = readFileSync(join(root, 'README.md'), 'utf8');
	const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => block.trim().split('\n'));
	assert.ok(commands.length >= 5);
	assert.deepEqual(commands.slice(1, 3), ['cd n8n-nodes-3cx', 'npm start'], 'what a newcomer runs first, on a clean clone');
	for (const command of commands) {
		const [, name] = /^npm (?!i )(?:run )?([\w:]+)/.exec(command) ?? [];
		const known = name ? name in scripts || name === 'pack' : /^(git clone|cd |cargo |node examples\/|npm i --prefix ~\/.n8n\/nodes .\/n8n-nodes-3cx-VERSION.tgz$|chmod \+x threecx-simulator-linux-x64$|\.\/threecx-simulator-linux-x64 |npx n8n$)/.test(command.replace(`-${version}.tgz`, '-VERSION.tgz'));
		assert.ok(known, command);
	}
});
