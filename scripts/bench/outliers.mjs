// Runs in a row in one n8n, each condition quiet and with busy loops beside: does one of them lose its pace?
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { N8n } from '../lib/n8n.mjs';
import { say } from '../lib/run.mjs';
import { workflow } from './n8n.mjs';
import { Pbx } from './pbx.mjs';
import { cell, condition, middle } from './results.mjs';

const RUNS = 40;
/** The slowest by the median. */
const MOST = 1.5;
const CELLS = [cell('n8n', '3CX', 1000, { tls: 25 }), cell('n8n', '3CX', 1000, { latency: 20 })];
const spin = new URL('spin.mjs', import.meta.url);

/** Whether there was none. */
export async function outliers() {
	const pbx = await Pbx.start(CELLS);
	const n8n = await N8n.create();
	try {
		await n8n.serve({ env: pbx.env });
		let isWell = true;
		for (const tried of CELLS) {
			const credential = await n8n.credential('threecxApi', pbx.credentials(tried));
			const saved = await n8n.saveWorkflow(workflow(n8n, pbx, tried, credential));
			for (const busy of [0, availableParallelism()]) isWell = (await isEven(tried, busy, () => n8n.runWorkflow(saved), pbx)) && isWell;
		}
		return isWell;
	} finally {
		await n8n.remove();
		await pbx.stop();
	}
}

async function isEven(tried, busy, run, pbx) {
	const loops = Array.from({ length: busy }, () => fork(spin));
	const runs = [];
	try {
		for (let number = 1; number <= RUNS; number++) {
			const measured = await pbx.watch(tried, async () => ({ seconds: (await run()).seconds('Node') }));
			if (measured.done !== tried.rows) throw new Error(`${measured.done} rows were done`);
			runs.push(measured);
			say(`Run ${number}, ${busy} busy loops: ${measured.seconds.toFixed(2)} s, ${measured.atOnce} at once, ${measured.requests} requests`);
		}
	} finally {
		for (const loop of loops) loop.kill();
	}
	const median = middle(runs, ({ seconds }) => seconds).seconds;
	const slowest = Math.max(...runs.map(({ seconds }) => seconds));
	const atOnce = Math.min(...runs.map((run) => run.atOnce));
	const isOne = slowest > MOST * median;
	console.log(
		`${isOne ? '✗' : '✓'} ${condition(tried)}, ${RUNS} runs with ${busy} busy loops: median ${median.toFixed(2)} s, slowest ${(slowest / median).toFixed(2)} times as long (at most ${MOST}), at least ${atOnce} at once`,
	);
	return !isOne;
}
