// What the node reads from the item itself: the same as n8n, and without it where it can be.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { newest } from '../../scripts/lib/install.mjs';
import { stop } from '../../scripts/lib/run.mjs';
import { plain, special } from './values.mjs';

const { reader } = createRequire(import.meta.url)('../../dist/nodes/Threecx/columns.js');
/** n8n keeps files where it is told to. */
const folder = mkdtempSync(join(tmpdir(), 'columns-'));
const script = fileURLToPath(new URL('columns.mjs', import.meta.url));

/** What a script says, in one message, with these arguments. It is ended then: n8n's engine can crash Node.js as it exits. */
async function said(script, ...args) {
	const child = fork(script, args, { execPath: newest.node, silent: true, env: { ...process.env, N8N_USER_FOLDER: folder } });
	let printed = '';
	for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (printed += data));
	const message = await new Promise((resolve, reject) => {
		child.on('message', resolve).on('error', reject);
		child.on('close', (code, signal) => reject(new Error(`${script} ended with ${signal ?? code}\n${printed}`)));
	});
	await stop(child, 'SIGKILL');
	return message;
}

after(() => rmSync(folder, { recursive: true }));

for (const engine of ['legacy', 'vm']) {
	test(`a column is read as n8n's engine ${engine} does, whatever is in it`, async () => {
		const { compared } = await said(script, engine);
		assert.ok(compared > 200, `${compared} compared`);
	});
}

test('n8n is asked once where a column holds plain values, and for each value that it might change', () => {
	for (const parameter of ['={{ $json.x }}', { __rl: true, mode: 'id', value: '={{ $json["x"] }}' }]) {
		const asked = (values) => {
			let count = 0;
			const items = values.map((x) => ({ json: { x } }));
			const evaluate = (row) => (count++, typeof parameter === 'string' ? items[row].json.x : { ...parameter, value: items[row].json.x });
			const read = reader(parameter, items, evaluate);
			items.forEach((_, row) => read(row));
			return count;
		};
		assert.equal(asked(plain), 1);
		assert.equal(asked([1, ...special]), 1 + special.length);
	}
});

test('where n8n gives another value for the first row, it is asked for all of them', () => {
	const items = ['a', 'b', 'c'].map((x) => ({ json: { x } }));
	const read = reader('={{ $json.x }}', items, (row) => `other ${row}`);
	assert.deepEqual(items.map((_, row) => read(row)), ['other 0', 'other 1', 'other 2']);
});
