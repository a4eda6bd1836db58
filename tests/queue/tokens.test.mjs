// Many executions at once on one credential, where each new token kills the one before: in one process, and in queue
// mode with two workers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { N8n } from '../../scripts/lib/n8n.mjs';
import { client, Simulator } from '../../scripts/lib/simulator.mjs';
import { flagship, key, workflow } from '../n8n/support.mjs';

const EXECUTIONS = 20;
const ROWS = 20;
const ROUNDS = 5;
const MOST_LOG_INS = 4;

for (const [mode, workers] of [['one process', 0], ['queue mode with two workers', 2]]) {
	describe(mode, () => {
		let n8n;
		let simulator;
		let rounds = 0;

		before(async () => {
			simulator = await Simulator.start('--single-token', 'invalidate', '--groups', '500');
			n8n = await N8n.create();
			await n8n.serve({ workers });
		});

		after(async () => {
			await n8n?.remove();
			await simulator?.stop();
		});

		const credential = async (name) => {
			const data = { baseUrl: simulator.address, ...client };
			return { threecxOAuth2Api: await n8n.credential('threecxOAuth2Api', data, name) };
		};

		const seen = async () => ({ logIns: (await simulator.log()).log_ins.ok, applied: await simulator.ledger() });

		/** All executions at once: each row is done, once, with few log-ins. */
		async function round(context, credentials) {
			const before = await seen();
			// A key that a group has already would not be applied again.
			const prefix = `R${String(++rounds).padStart(3, '0')}-KEYX`;
			const rows = Array.from({ length: EXECUTIONS * ROWS }, (_, row) => ({
				groupId: `GRP${String(row).padStart(4, '0')}`,
				licenseKey: key(row, prefix),
			}));
			const parameters = { ...flagship, rowsFrom: 'columns' };
			const executions = await Promise.all(
				Array.from({ length: EXECUTIONS }, (_, number) => {
					const own = rows.slice(number * ROWS, (number + 1) * ROWS);
					return n8n.runWorkflow(workflow({ rows: own, parameters, credentials, onError: 'continueErrorOutput' }));
				}),
			);
			const failed = executions.flatMap((execution) => [
				...execution.json('3CX', 1).map(({ error }) => error),
				...(execution.error ? [execution.error.message] : []),
			]);
			const done = executions.flatMap((execution) => execution.json('3CX', 0)).filter(({ success }) => success);
			const after = await seen();
			const logIns = after.logIns - before.logIns;
			context.diagnostic(`${done.length} of ${rows.length} rows with ${logIns} log-ins`);
			assert.deepEqual(failed, []);
			assert.equal(done.length, rows.length);
			const applied = after.applied.slice(before.applied.length).map(({ licenseKey }) => licenseKey);
			assert.deepEqual(applied.toSorted(), rows.map(({ licenseKey }) => licenseKey).toSorted());
			assert.ok(logIns >= 1 && logIns <= MOST_LOG_INS, `${logIns} log-ins`);
		}

		for (let number = 1; number <= ROUNDS; number++) {
			test(`no stored token, round ${number}`, async (context) => await round(context, await credential(`New ${number}`)));
		}

		test('a stored token that dies', async (context) => {
			const credentials = await credential('Stored');
			await round(context, credentials);
			for (let number = 1; number <= ROUNDS; number++) {
				await context.test(`round ${number}`, async (context) => {
					// In the first round it is dead before a row is sent.
					const skip = (number - 1) * 90;
					await simulator.faults({ match: { path_contains: 'ReplaceGroup' }, skip, fault: { kind: 'expire_token' } });
					await round(context, credentials);
				});
			}
		});

		if (workers) {
			test('each worker did its part', () => {
				for (const { log } of n8n.workers) {
					const own = log.match(/Worker started execution/g) ?? [];
					assert.ok(own.length >= EXECUTIONS, `${own.length} executions`);
				}
			});
		}
	});
}
