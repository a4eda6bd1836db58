// What docs/performance.md shows: conditions, the one that people have first, each with how many rows are measured.
import { cell } from './results.mjs';

export const CONDITIONS = [
	{ of: { tls: 25 }, n8n: [100, 1000, 10_000], outside: [1000] },
	{ of: { tls: 5 }, n8n: [1000], outside: [] },
	{ of: { tls: 100 }, n8n: [1000], outside: [] },
	{ of: { tls: 0 }, n8n: [1000], outside: [] },
	{ of: { latency: 20 }, n8n: [100, 1000, 10_000], outside: [1000] },
	{ of: { latency: 200 }, n8n: [1000, 10_000], outside: [1000] },
	{ of: { latency: 0 }, n8n: [1000], outside: [10_000] },
];
export const PLACES = {
	n8n: ['HTTP Request', 'generated', '3CX', '3CX dragged', '3CX evaluated', '3CX without Confirm'],
	outside: ['fetch loop', '3CX without Confirm'],
};

/** All cells of one condition in one place. */
export const cellsOf = (place, { of, [place]: sizes }) =>
	sizes.flatMap((rows) => PLACES[place].map((who) => cell(place, who, rows, of)));

/** The generated node takes minutes for 10,000 rows, and ends with "operation timed out" after less than half. */
function isWorthIt({ who, rows, latency, tls }) {
	if (who === 'generated') return rows < 10_000 && (latency === 20 || tls === 25);
	return !['3CX dragged', '3CX evaluated'].includes(who) || (rows === 1000 && (latency === 20 || tls === 25));
}

export const starts = [100, 1000, 10_000].map((rows) => cell('n8n', 'No Operation', rows));

export const matrix = [
	...starts,
	...Object.keys(PLACES).flatMap((place) => CONDITIONS.flatMap((one) => cellsOf(place, one))).filter(isWorthIt),
];

/** What is aimed at has more rounds. */
export const ROUNDS = 1;
