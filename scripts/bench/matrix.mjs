// What docs/performance.md shows.
import { cell } from './results.mjs';

export const SIZES = [100, 1000, 10_000];
export const LATENCIES = [0, 20, 200];
export const PLACES = {
	n8n: ['HTTP Request', 'generated', '3CX', '3CX without Confirm'],
	outside: ['fetch loop', '3CX without Confirm'],
};

const contests = Object.entries(PLACES).flatMap(([place, contestants]) =>
	LATENCIES.flatMap((latency) =>
		SIZES.flatMap((rows) => contestants.map((who) => cell(place, who, rows, latency))),
	),
);

export const matrix = [...SIZES.map((rows) => cell('n8n', 'No Operation', rows, 0)), ...contests];

/** The long ones once; what is promised has more rounds. */
export const roundsOf = ({ rows }) => (rows === 10_000 ? 1 : 2);
