// What is aimed at, and what must hold: ratios within one run. `npm run bench -- --check` ends with 1 beyond `most`,
// which leaves room for a busy machine.
import { cell } from './results.mjs';

const inN8n = (who, rows = 1000) => cell('n8n', who, rows, who === 'No Operation' ? 0 : 20);
const loopback = (who) => cell('outside', who, 10_000, 0);
const instant = (who) => cell('instant', who, 100_000, 0);
const ours = inN8n('3CX');
const generated = inN8n('generated');
const httpRequest = inN8n('HTTP Request');
const start = inN8n('No Operation');
const many = inN8n('3CX', 10_000);

export const bars = [
	{
		promise: "1,000 rows at 20 ms in n8n: 3CX's time by the generated node's",
		aim: 1 / 8,
		most: 1 / 8,
		cells: [start, generated, ours],
		value: (results) => results.net(ours) / results.net(generated),
	},
	{
		promise: "1,000 rows at 20 ms in n8n: 3CX's time by the HTTP Request node's",
		aim: 1 / 2,
		most: 1 / 2,
		cells: [start, httpRequest, ours],
		value: (results) => results.net(ours) / results.net(httpRequest),
	},
	{
		promise: "3CX at 20 ms in n8n: 10,000 rows' time by 1,000 rows'",
		aim: 10.5,
		most: 10.5,
		cells: [start, ours, inN8n('No Operation', 10_000), many],
		value: (results) => results.net(many) / results.net(ours),
	},
	{
		promise: "10,000 rows over loopback HTTP, 16 at once: 3CX without Confirm's time by the plain fetch loop's",
		aim: 1.15,
		most: 1.25,
		cells: [loopback('fetch loop'), loopback('3CX without Confirm')],
		value: (results) => results.net(loopback('3CX without Confirm')) / results.net(loopback('fetch loop')),
	},
	{
		promise: '100,000 rows with an instant fetch: µs a row that 3CX takes over the plain loop',
		aim: 5,
		most: 6,
		cells: [instant('fetch loop'), instant('3CX without Confirm')],
		value: (results) =>
			((results.net(instant('3CX without Confirm')) - results.net(instant('fetch loop'))) * 1e6) / 100_000,
	},
];

/** Whether a bar stays below a limit, by sound measurements. */
const within = ({ cells, value }, results, limit) =>
	cells.every((one) => results.complete(one) && results.plausible(one)) && value(results) <= limit;

export const kept = (bar, results) => within(bar, results, bar.most);
export const reached = (bar, results) => within(bar, results, bar.aim);
