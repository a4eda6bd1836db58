// What is aimed at, and what must hold: ratios of times within one run. `npm run bench -- --check` ends with 1 beyond
// `most`, which has room for a busy machine and for one with another processor.
import { cell } from './results.mjs';

const inN8n = (who, rows = 1000) => cell('n8n', who, rows, 20);
const loopback = (who) => cell('outside', who, 10_000, 0);
export const instant = (who) => cell('instant', who, 100_000, 0);
const [loop, core] = ['fetch loop', '3CX without Confirm'];

/** What one takes by what another takes. */
const ratio = (one, other, what = 'seconds') => ({
	cells: [other, one],
	value: (results) => results.typical(one)[what] / results.typical(other)[what],
});

export const bars = [
	{
		promise: "1,000 rows at 20 ms in n8n: 3CX's time by the generated node's",
		aim: 1 / 8,
		most: 1 / 8,
		...ratio(inN8n('3CX'), inN8n('generated')),
	},
	{
		promise: "1,000 rows at 20 ms in n8n: 3CX's time by the HTTP Request node's",
		aim: 1 / 2,
		most: 1 / 2,
		...ratio(inN8n('3CX'), inN8n('HTTP Request')),
	},
	{
		promise: "3CX at 20 ms in n8n: 10,000 rows' time by 1,000 rows'",
		aim: 10.5,
		most: 10.5,
		...ratio(inN8n('3CX', 10_000), inN8n('3CX')),
	},
	{
		promise: "10,000 rows over loopback HTTP, 16 at once: 3CX without Confirm's time by the plain fetch loop's",
		aim: 1.15,
		most: 1.25,
		...ratio(loopback(core), loopback(loop)),
	},
	{
		// Nothing is waited for, so CPU time is all that counts, and a busy machine hardly changes it.
		promise: "100,000 rows with a fetch that answers at once: 3CX without Confirm's CPU time by the plain fetch loop's",
		aim: 10,
		most: 25,
		...ratio(instant(core), instant(loop), 'cpu'),
	},
];

/** Whether a bar stays below a limit, by runs that did all rows. */
const within = ({ cells, value }, results, limit) => cells.every(results.complete) && value(results) <= limit;

export const kept = (bar, results) => within(bar, results, bar.most);
export const reached = (bar, results) => within(bar, results, bar.aim);
