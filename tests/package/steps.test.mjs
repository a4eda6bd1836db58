// The command that runs the tests: it goes on after a failure, tells all of them, and notices a checkout that changed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { changes, snapshot } from '../../scripts/lib/checkout.mjs';
import { root } from '../../scripts/lib/run.mjs';
import { Steps } from '../../scripts/lib/steps.mjs';

test('what fails is listed at the end, with what could not be done without it; the rest is done', async (context) => {
	const lines = [];
	for (const method of ['log', 'error']) context.mock.method(console, method, (line) => lines.push(line));
	const steps = new Steps();
	const done = [];
	const broken = await steps.step('Broken', [], async () => {
		throw new Error('no luck\nat length');
	});
	const program = await steps.command('Program', [], process.execPath, '-e', 'process.exit(3)');
	const fine = await steps.step('Fine', [], () => done.push('Fine'));
	await steps.step('Needs both', [fine, broken, program], () => done.push('Needs both'));
	await steps.step('Needs one', [fine], () => done.push('Needs one'));
	const loud = ['-e', 'console.log("seldom shown"); process.exit(+process.argv[1])'];
	assert.equal((await steps.aside('Went well beside', [], process.execPath, ...loud, '0')).passed, true);
	assert.doesNotMatch(lines.join('\n'), /seldom shown/);
	assert.equal((await steps.aside('Failed beside', [], process.execPath, ...loud, '4')).passed, false);
	assert.match(lines.at(-1), /seldom shown/);
	let end;
	const late = steps.step('Late', [], () => new Promise((_, reject) => (end = () => reject(new Error('too late')))));
	const waits = steps.step('Needs what is under way', [fine, late], () => done.push('Needs what is under way'));
	await steps.step('Meanwhile', [], () => done.push('Meanwhile'));
	end();
	assert.equal((await waits).passed, false);
	assert.equal(steps.end(), 1);
	assert.deepEqual(done, ['Fine', 'Needs one', 'Meanwhile']);
	const [head, ...told] = lines.at(-1).trim().split('\n');
	assert.match(head, /^6 failed, in \d+ s:$/);
	assert.deepEqual(told, [
		'✗ Broken: no luck',
		'✗ Program: ended with 3',
		'✗ Needs both: cannot be done without: Broken, Program',
		`✗ Failed beside: ${process.execPath} ${loud.join(' ')} 4 ended with 4`,
		'✗ Late: too late',
		'✗ Needs what is under way: cannot be done without: Late',
	]);
	assert.equal(new Steps().end(), 0);
});

test('tests that were skipped are listed at the end with the reason, and fail nothing', () => {
	const folder = mkdtempSync(join(tmpdir(), 'skipped-3cx-'));
	const write = (name, text) => writeFileSync(join(folder, name), text);
	try {
		write('Cargo.toml', '[package]\nname = "skipping"\nedition = "2024"\n[lib]\npath = "lib.rs"\n[workspace]\n');
		write('lib.rs', '#[test]\n#[ignore = "takes a day"]\nfn long() {}\n#[test]\n#[ignore]\nfn odd() {}\n#[test]\nfn fine() {}\n');
		write(
			'some.test.mjs',
			`import { describe, test } from 'node:test';
			test('needs a file', { skip: 'there is no file' }, () => {});
			describe('a suite', () => test('inside', { skip: true }, () => {}));
			test('prints', () => console.log('﹣ no test # SKIP'));`,
		);
		const script = `
			import { Steps } from ${JSON.stringify(new URL('../../scripts/lib/steps.mjs', import.meta.url))};
			const steps = new Steps();
			await steps.nodeTests('Node', [], ${JSON.stringify(relative(root, folder))});
			await steps.rustTests('Rust', [], '--manifest-path', ${JSON.stringify(join(folder, 'Cargo.toml'))});
			process.exitCode = steps.end();`;
		// What a file prints that node:test runs is no report for people.
		const { NODE_TEST_CONTEXT: _, ...env } = process.env;
		const args = ['--input-type=module', '--eval', script];
		const printed = execFileSync(process.execPath, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] });
		const end = printed.trim().split('\n').slice(-6);
		assert.deepEqual(end.slice(0, 5), [
			'• 4 skipped:',
			'﹣ Node (some.test.mjs): needs a file: there is no file',
			'﹣ Node (some.test.mjs): inside: no reason given',
			'﹣ Rust: long: takes a day',
			'﹣ Rust: odd: no reason given',
		]);
		assert.match(end[5], /^• All passed in /);
		assert.doesNotMatch(printed, /fine \.\.\. ok/);
	} finally {
		rmSync(folder, { recursive: true });
	}
});

test('a checkout that changed is noticed, whether git knew the file or not', () => {
	const folder = mkdtempSync(join(tmpdir(), 'checkout-3cx-'));
	const write = (name, text) => writeFileSync(join(folder, name), text);
	try {
		execFileSync('git', ['init', '--quiet', folder]);
		for (const name of ['same', 'changed', 'gone', 'new before']) write(name, name);
		write('.gitignore', 'ignored');
		execFileSync('git', ['add', 'same', 'changed', 'gone', '.gitignore'], { cwd: folder });
		const before = snapshot(folder);
		assert.deepEqual(changes(before, snapshot(folder)), []);
		write('changed', 'otherwise');
		write('new before', 'otherwise');
		write('new', 'new');
		write('ignored', 'ignored');
		rmSync(join(folder, 'gone'));
		assert.deepEqual(changes(before, snapshot(folder)).toSorted(), ['changed', 'gone', 'new', 'new before']);
	} finally {
		rmSync(folder, { recursive: true });
	}
});
