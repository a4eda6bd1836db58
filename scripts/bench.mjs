// npm run bench: how fast the node is, beside n8n's HTTP Request node, a generated node and bare JavaScript, in one run;
// writes docs/performance.md. `-- --check` measures only what is aimed at and ends with 1 where it is far off;
// `-- --outliers` looks for runs that take much longer than others.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bars, kept } from './bench/bars.mjs';
import { page, verdict } from './bench/document.mjs';
import { matrix, ROUNDS as OF_MATRIX } from './bench/matrix.mjs';
import { InN8n } from './bench/n8n.mjs';
import { outliers } from './bench/outliers.mjs';
import { instantly, overHttp } from './bench/outside.mjs';
import { Pbx } from './bench/pbx.mjs';
import { condition, Results } from './bench/results.mjs';
import { buildSimulator, buildTarball, installGenerator, installN8n } from './lib/install.mjs';
import { root, say } from './lib/run.mjs';

/** Rounds of what an aim is measured by, and of what takes minutes each time. The check has one, and more of what is far off. */
const ROUNDS = 5;
const LONG_ROUNDS = 3;
const check = process.argv.includes('--check');
const started = Date.now();

await buildTarball();
await buildSimulator();
await installN8n();
await installGenerator();
if (process.argv.includes('--outliers')) process.exit((await outliers()) ? 0 : 1);

const results = new Results();
const unique = (cells) => [...new Map(cells.map((cell) => [cell.id, cell])).values()];
const all = unique([...(check ? [] : matrix), ...bars.flatMap(({ cells }) => cells)]);
const pbx = await Pbx.start(all);
const n8n = await InN8n.start(pbx, all.filter(({ place }) => place === 'n8n'));
const places = {
	n8n: (cell) => pbx.watch(cell, () => n8n.run(cell)),
	outside: (cell) => pbx.watch(cell, () => overHttp(cell, pbx)),
	instant: instantly,
};
try {
	for (let round = 1; round <= ROUNDS; round++) {
		const ofMatrix = check || round > OF_MATRIX ? [] : matrix;
		const rounds = ({ isLong }) => (check ? 1 : isLong ? LONG_ROUNDS : ROUNDS);
		const isDue = (bar) => round <= rounds(bar) || (check && !kept(bar, results));
		for (const cell of unique([...ofMatrix, ...bars.filter(isDue).flatMap(({ cells }) => cells)])) {
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
	say(`Round ${round}, ${cell.place}, ${cell.who}, ${cell.rows} rows, ${condition(cell)}: ${end}`);
}

const minutes = Math.round((Date.now() - started) / 60_000);
console.log(`\n${verdict(results)}\n\nMeasured in ${minutes} minutes.\n`);
if (!check) {
	writeFileSync(join(root, 'docs/performance.md'), page(results, { rival: n8n.rival, minutes }));
	say('docs/performance.md is written');
} else if (!bars.every((bar) => kept(bar, results))) {
	process.exit(1);
}
