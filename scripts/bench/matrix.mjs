// What docs/performance.md shows.
import { cell } from './results.mjs';

export const SIZES = [100, 1000, 10_000];
export const LATENCIES = [0, 20, 200];
export const PLACES = {
	n8n: ['HTTP Request', 'generated', '3CX', '3CX without Confirm'],
	outside: ['fetch loop', '3CX without Confirm'],
};

/** The generated node takes minutes for 10,000 rows and ends with "operation timed out" after less than half: once is enough. */
const isWorthIt = ({ who, rows, latency }) => who !== 'generated' || rows < 10_000 || latency === 20;

const contests = Object.entries(PLACES).flatMap(([place, contestants]) =>
	LATENCIES.flatMap((latency) =>
		SIZES.flatMap((rows) => contestants.map((who) => cell(place, who, rows, latency))),
	),
);

export const matrix = [...SIZES.map((rows) => cell('n8n', 'No Operation', rows, 0)), ...contests.filter(isWorthIt)];

/** What is aimed at has more rounds. */
export const ROUNDS = 1;
