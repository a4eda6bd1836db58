// What is left blank never makes a call wider: through n8n's own reading of the form.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { newest } from '../../scripts/lib/install.mjs';
import { run } from '../../scripts/lib/run.mjs';

/** n8n keeps files where it is told to. */
const folder = mkdtempSync(join(tmpdir(), 'blank-'));
const script = fileURLToPath(new URL('blank.mjs', import.meta.url));

after(() => rmSync(folder, { recursive: true }));

test('every operation that changes something, with every kind of blank from a column of the input', async () => {
	const { stdout } = await run(newest.node, ['--test-reporter=tap', script], { env: { N8N_USER_FOLDER: folder } });
	assert.match(stdout, /^# pass 10$/m);
	assert.match(stdout, /^# fail 0$/m);
});
