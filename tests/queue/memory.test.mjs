// A process is killed half-way, then the same rows are run again with Skip Rows Done Before.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { N8n } from '../../scripts/lib/n8n.mjs';
import { stop, until } from '../../scripts/lib/run.mjs';
import { client, Simulator } from '../../scripts/lib/simulator.mjs';
import { flagship, key, workflow } from '../n8n/support.mjs';

const ROWS = 400;
/** So many rows at most are begun and not ended. */
const MOST_BEGUN = 128;

const options = { skipDoneBefore: true };
const rows = Array.from({ length: ROWS }, (_, row) => ({
	groupId: `GRP${String(row).padStart(4, '0')}`,
	licenseKey: key(row),
}));

for (const [mode, workers] of [['one process', 0], ['queue mode', 1]]) {
	describe(mode, () => {
		let n8n;
		let simulator;

		before(async () => {
			simulator = await Simulator.start('--groups', '500', '--latency-ms', '100');
			n8n = await N8n.create();
			// Older n8n would let another worker do the whole execution again.
			await n8n.serve({ workers, env: { QUEUE_WORKER_MAX_STALLED_COUNT: '0' } });
		});

		after(async () => {
			await n8n?.remove();
			await simulator?.stop();
		});

		/** Kills whoever carries executions out, and starts another one. */
		async function kill() {
			if (!workers) {
				await stop(n8n.server, 'SIGKILL');
				await simulator.switches({ latency_ms: 0 });
				return await n8n.start();
			}
			await stop(n8n.workers[0], 'SIGKILL');
			await simulator.switches({ latency_ms: 0 });
			n8n.workers = [await n8n.startWorker()];
		}

		test('nothing is applied twice, and what is in doubt says so', async (context) => {
			const data = { baseUrl: simulator.address, ...client };
			const credentials = { threecxOAuth2Api: await n8n.credential('threecxOAuth2Api', data) };
			const parameters = { ...flagship, rowsFrom: 'columns', options };
			const saved = await n8n.saveWorkflow(workflow({ rows, parameters, credentials, onError: 'continueErrorOutput' }));
			await n8n.startWorkflow(saved);
			await until(async () => (await simulator.ledger()).length >= ROWS / 2);
			await kill();
			const inTime = (await simulator.ledger()).length;
			assert.ok(inTime < ROWS, 'it was killed before its end');

			const again = await n8n.runWorkflow(saved);
			const done = again.json('3CX', 0);
			const inDoubt = again.json('3CX', 1);
			const before = done.filter(({ doneBefore }) => doneBefore);
			context.diagnostic(`${inTime} applied by then: ${before.length} skipped as done, ${inDoubt.length} in doubt`);
			assert.equal(again.error, undefined);
			assert.equal(done.length + inDoubt.length, ROWS);
			assert.ok(done.every(({ success }) => success));
			assert.ok(before.length > 0 && before.length <= inTime);
			assert.match(before[0].warnings.join(), /An earlier run did this: not sent again/);
			assert.ok(inDoubt.length <= MOST_BEGUN, `${inDoubt.length} rows in doubt`);
			for (const { details, message } of inDoubt) {
				assert.deepEqual([details.code, details.outcome], ['IN_DOUBT', 'unknown']);
				assert.match(message, /not sent again/);
				assert.ok(details.subscription, 'how it reads now');
			}

			// The ledger does not list what changes nothing, so requests are counted too.
			const applied = (await simulator.ledger()).map(({ licenseKey }) => licenseKey);
			const sent = (await simulator.replacements()).map(({ body }) => body.licenseKey);
			assert.equal(new Set(applied).size, applied.length);
			assert.equal(new Set(sent).size, sent.length, 'no key was sent twice');
			const doubted = new Set(inDoubt.map(({ licenseKey }) => licenseKey));
			for (const { licenseKey } of rows.filter(({ licenseKey }) => !doubted.has(licenseKey))) {
				assert.ok(applied.includes(licenseKey), 'what is not in doubt is applied');
			}

			const third = await n8n.runWorkflow(saved);
			assert.equal((await simulator.replacements()).length, sent.length, 'a third run has nothing to do');
			assert.equal(third.json('3CX', 0).filter(({ doneBefore }) => doneBefore).length, ROWS - inDoubt.length);
			assert.equal(third.json('3CX', 1).length, inDoubt.length);
		});

		test('a workflow copied, or another key, is not taken for done', async () => {
			const data = { baseUrl: simulator.address, ...client };
			const credentials = { threecxOAuth2Api: await n8n.credential('threecxOAuth2Api', data, 'Other') };
			const parameters = { ...flagship, rowsFrom: 'columns', options };
			const few = rows.slice(0, 5).map(({ groupId }, row) => ({ groupId, licenseKey: key(row, 'CNRY-KEYY') }));
			const saved = await n8n.saveWorkflow(workflow({ rows: few, parameters, credentials }));
			const [first, second] = [await n8n.runWorkflow(saved), await n8n.runWorkflow(saved)];
			assert.ok(first.json('3CX').every(({ success, doneBefore }) => success && !doneBefore));
			assert.ok(second.json('3CX').every(({ success, doneBefore }) => success && doneBefore));
		});
	});
}
