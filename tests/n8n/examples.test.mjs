// The workflows of examples/ in the newest n8n.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { newest } from '../../scripts/lib/install.mjs';
import { root } from '../../scripts/lib/run.mjs';
import { examples } from './examples.mjs';

const tested = examples(newest);

test('every example is run, here or beside the trigger that it begins with', () => {
	const folder = new URL('./', import.meta.url);
	const tests = readdirSync(folder).filter((name) => name.endsWith('.test.mjs'));
	const others = tests.map((name) => readFileSync(new URL(name, folder), 'utf8')).join('\n');
	for (const name of readdirSync(join(root, 'examples')).filter((file) => file.endsWith('.workflow.json'))) {
		assert.ok(tested.has(name) || others.includes(`examples/${name}`), name);
	}
});
