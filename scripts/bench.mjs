// npm run bench: how fast the node is, beside n8n's HTTP Request node, a generated node and bare JavaScript, in one run;
// writes docs/performance.md. `-- --check` measures only what is aimed at and ends with 1 where it is far off.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bars, kept } from './bench/bars.mjs';
import { page, verdict } from './bench/document.mjs';
import { matrix, ROUNDS as OF_MATRIX } from './bench/matrix.mjs';
import { InN8n } from './bench/n8n.mjs';
import { instantly, overHttp } from './bench/outside.mjs';
import { Pbx } from './bench/pbx.mjs';
import { Results } from './bench/results.mjs';
import { buildSimulator, buildTarball, installGenerator, installN8n } from './lib/install.mjs';
import { root, say } from './lib/run.mjs';

/** Rounds of what an aim is measured by; while one is far off, it gets more. */
const ROUNDS = 3;
const MOST_ROUNDS = 8;
const check = process.argv.includes('--check');
const started = Date.now();

await buildTarball();
await buildSimulator();
await installN8n();
await installGenerator();

const results = new Results();
const pbx = await Pbx.start();
const n8n = await InN8n.start(pbx);
const places = {
	n8n: (cell) => pbx.watch(cell, () => n8n.run(cell)),
	outside: (cell) => pbx.watch(cell, () => overHttp(cell, pbx)),
	instant: instantly,
};
try {
	for (let round = 1; round <= MOST_ROUNDS; round++) {
		const ofMatrix = check || round > OF_MATRIX ? [] : matrix;
		const ofBars = bars.filter((bar) => round <= ROUNDS || !kept(bar, results)).flatMap(({ cells }) => cells);
		const cells = new Map([...ofMatrix, ...ofBars].map((cell) => [cell.id, cell])).values();
		for (const cell of cells) {
			await measure(cell, round);
		}
	}
} finally {
	await n8n.stop();
	await pbx.stop();
}

async function measure(cell, round) {
	const measured = await places[cell.place](cell);
	results.add(cell, measured);
	const { seconds, done, error } = measured;
	const end = error ? `${done} rows done, ${error}` : `${seconds.toFixed(2)} s`;
	say(`Round ${round}, ${cell.place}, ${cell.who}, ${cell.rows} rows, ${cell.latency} ms: ${end}`);
}

console.log(`\n${verdict(results)}\n`);
if (!check) {
	const minutes = Math.round((Date.now() - started) / 60_000);
	writeFileSync(join(root, 'docs/performance.md'), page(results, { rival: n8n.rival, minutes }));
	say(`docs/performance.md is written, after ${minutes} minutes`);
} else if (!bars.every((bar) => kept(bar, results))) {
	process.exit(1);
}
