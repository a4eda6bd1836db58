// What CONTRIBUTING.md and docs/ name is there: files, functions, constants with their values, commands.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/lib/run.mjs';

const read = (name) => readFileSync(join(root, name), 'utf8');
const documents = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/delivery.md', 'docs/pace.md', 'docs/set-up.md', 'docs/trigger.md', 'docs/calls.md', 'docs/call-trigger.md', 'docs/excel-to-keys.md', 'docs/replace-license-keys.md', 'docs/users-from-a-sheet.md', 'docs/ai-agents.md', 'docs/deployment.md', 'docs/troubleshooting.md'];
const walks = read('CONTRIBUTING.md')
	.split('\n## ')
	.filter((section) => section.startsWith('Walk'));

for (const name of documents) {
	test(`${name}: every link within the project leads somewhere`, () => {
		const links = [...read(name).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link);
		assert.ok(links.length >= 1);
		for (const link of links) assert.ok(existsSync(join(root, dirname(name), link)), link);
	});
}

test('every file and folder that CONTRIBUTING.md names is there', () => {
	const paths = [...read('CONTRIBUTING.md').matchAll(/`([\w.]+\/[\w./-]*|[\w-]+\.(?:json|md|rs))`/g)].map(([, path]) => path);
	assert.ok(paths.length >= 40);
	for (const path of paths) assert.ok(existsSync(join(root, path)), path);
});

test('every room of src/ is on the map', () => {
	const [, map] = /## The map\n([\s\S]*?)\n## /.exec(read('CONTRIBUTING.md'));
	const modules = [...read('src/lib.rs').matchAll(/mod (\w+);/g)].map(([, name]) => name);
	assert.ok(modules.length >= 5);
	for (const name of modules) assert.match(map, new RegExp(`\`src/${name}(?:/|\\.rs)\``));
});

test('every function of the walks is in the file beside it', () => {
	assert.equal(walks.length, 2);
	for (const walk of walks) {
		const steps = [...walk.matchAll(/^\| \d+ \| `(\w+)` \| `([^`]+)` \|/gm)];
		assert.ok(steps.length >= 12);
		for (const [, name, path] of steps) {
			const file = path.endsWith('.ts') ? [`function ${name}(`, `\t${name}(`] : [`fn ${name}(`, `fn ${name}<`];
			assert.ok(file.some((text) => read(path).includes(text)), `${name} in ${path}`);
		}
	}
});

/** The value of `const NAME: Type = 60 * SECOND;`, with those before it. */
function constants(text) {
	const known = {};
	for (const [, name, value] of text.matchAll(/^(?:pub\(super\) )?const (\w+): (?:u32|u64|usize|f64|Millis) = ([^;]+);/gm)) {
		const numbers = value.replace(/ as \w+/g, '').replace(/[A-Z_]{2,}/g, (other) => known[other]);
		assert.match(numbers.replaceAll('_', ''), /^[\d.*/ ]+$/, name);
		known[name] = Function(`return ${numbers}`)();
	}
	return known;
}

/** In milliseconds where it is a time, as a table tells it. */
function told(value) {
	const [, number, unit] = /^([\d.,]+) ?(\S*)/.exec(value);
	return Number(number.replace(',', '')) * ({ s: 1000, min: 60_000 }[unit] ?? 1);
}

for (const [document, files] of [
	['docs/pace.md', ['engine/src/pace/concurrency.rs', 'engine/src/pace/rate.rs']],
	['docs/delivery.md', ['engine/src/retry.rs', 'engine/src/brake.rs', 'src/replace/memory.rs']],
]) {
	test(`${document} has every constant with its value`, () => {
		const tables = [...read(document).matchAll(/\| constant [^\n]*\n[^\n]*\n((?:\|[^\n]*\n)+)/g)];
		assert.equal(tables.length, files.length);
		tables.forEach(([, table], index) => {
			const rows = [...table.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map(([, name, value]) => [name, told(value)]);
			assert.deepEqual(Object.fromEntries(rows), constants(read(files[index])));
		});
	});
}

test('docs/delivery.md has the closed list of refusals', () => {
	const [, list] = /const REFUSALS: &\[u16\] = &\[([^\]]+)\]/.exec(read('src/xapi/proof.rs'));
	const [, first, last] = /A complete answer with ([\d, ]+) or (\d+);/.exec(read('docs/delivery.md'));
	assert.equal(`${first}, ${last}`, list);
});

test('every command of CONTRIBUTING.md is one of package.json, of cargo xtask, or of cargo and node', () => {
	const text = read('CONTRIBUTING.md');
	const { scripts } = JSON.parse(read('package.json'));
	const [, steps] = /enum Step \{([\s\S]*?)\n\}/.exec(read('xtask/src/main.rs'));
	const xtask = [...steps.matchAll(/^ {4}(\w+)[ ,({]/gm)].map(([, step]) => step.toLowerCase());
	const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => block.trim().split('\n'));
	const inline = [...text.matchAll(/`((?:npm|cargo|node) [^`]+)`/g)].map(([, command]) => command);
	assert.ok(blocks.length >= 8);
	for (const command of [...blocks, ...inline]) {
		const [program, word, name] = command.split(' ');
		if (program === 'npm') assert.ok((word === 'run' ? name : word) in scripts, command);
		else if (program === 'node') assert.ok(statSync(join(root, command.split(' ').at(-1))).isFile(), command);
		else if (word === 'xtask') assert.ok(xtask.includes(name), command);
		else assert.match(command, /^cargo (test|run|clippy|fmt)\b/);
	}
});

test('the workflows of GitHub build with the Rust and the commands of the project', () => {
	const { scripts } = JSON.parse(read('package.json'));
	const [, rust] = /^rust-version = "(.+)"$/m.exec(read('Cargo.toml'));
	for (const name of ['ci.yml', 'release.yml']) {
		const workflow = read(`.github/workflows/${name}`);
		assert.match(workflow, new RegExp(`container: rust:${rust}-`), name);
		const commands = [...workflow.matchAll(/npm (test|run [\w:]+)/g)].map(([, command]) => command.replace('run ', ''));
		assert.ok(commands.includes('test'), name);
		for (const command of commands) assert.ok(command in scripts, `${name}: npm ${command}`);
	}
	// Nothing is published that the tests have not seen, nor without telling where it comes from.
	const release = read('.github/workflows/release.yml');
	assert.ok(release.indexOf('npm test') < release.indexOf('npm publish --provenance'));
	assert.match(release, /id-token: write/);
	assert.match(release, /sha256sum dist\/portable\/wasm\.json/);
});

test('a native test that a document runs by name is in the crate that it names', () => {
	const folders = { 'call-engine': 'engine/src', 'threecx-core': 'src', 'threecx-simulator': 'simulator/src' };
	const commands = documents.flatMap((name) => [...read(name).matchAll(/cargo test -p ([\w-]+) (\w+)/g)]);
	assert.ok(commands.length >= 4);
	for (const [command, crate, name] of commands) {
		const files = readdirSync(join(root, folders[crate]), { recursive: true }).filter((file) => file.endsWith('.rs'));
		// As part of a module's path, or of a test's own name.
		const isThere = files.some((file) => file.includes(name) || new RegExp(`#\\[test\\]\\s+fn \\w*${name}`).test(read(join(folders[crate], file))));
		assert.ok(isThere, command);
	}
});
