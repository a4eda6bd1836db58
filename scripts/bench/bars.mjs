// What is aimed at, and what must hold: ratios and counts within one run. `npm run bench -- --check` ends with 1 beyond
// `most`, which has room for a busy machine and for one with another processor.
import { cell } from './results.mjs';

const internet = { tls: 25 };
const near = { latency: 20 };
const far = { latency: 200 };
const inN8n = (who, condition, rows = 1000) => cell('n8n', who, rows, condition);
const outside = (who, condition, rows = 1000) => cell('outside', who, rows, condition);
export const instant = (who) => cell('instant', who, 100_000);
const [loop, core, http] = ['fetch loop', '3CX without Confirm', 'HTTP Request'];
/** Few rows among many groups. */
const few = cell('n8n', '3CX', 20, { ...internet, groups: 5000 });

/** What one takes by what another takes. */
const ratio = (one, other, what = 'seconds') => ({
	cells: [other, one],
	value: (results) => results.typical(one)[what] / results.typical(other)[what],
});

/**
 * Round trips of so many milliseconds that a run waits for: its time beyond that of the same work where nothing is waited
 * for. What a processor takes is in both, so it holds on any machine.
 */
const roundTrips = (waiting, not, milliseconds) => ({
	cells: [not, waiting],
	value: (results) => ((results.typical(waiting).seconds - results.typical(not).seconds) * 1000) / milliseconds,
});
/** The HTTP Request node is held up by nothing but the processor: what it takes beside 3CX depends on that where 3CX waits. */
const NO_FASTER = 1;

/** `isLong`: takes so long that it has fewer rounds. */
export const bars = [
	{
		promise: "1,000 rows over TLS, 25 ms each way: 3CX's time by the HTTP Request node's",
		aim: 0.55,
		most: NO_FASTER,
		...ratio(inN8n('3CX', internet), inN8n(http, internet)),
	},
	{
		promise: "1,000 rows over TLS, 0 ms: 3CX's time by the HTTP Request node's",
		aim: 0.35,
		most: 0.45,
		...ratio(inN8n('3CX', { tls: 0 }), inN8n(http, { tls: 0 })),
	},
	{
		promise: "Confirm's share of 3CX's time: 1,000 rows over TLS, 25 ms each way, 1,100 groups",
		aim: 0.1,
		most: 0.25,
		cells: [inN8n('3CX', internet), inN8n(core, internet)],
		value: (results) => 1 - results.typical(inN8n(core, internet)).seconds / results.typical(inN8n('3CX', internet)).seconds,
	},
	{
		promise: 'Requests for 20 rows on a PBX of 5,000 groups, with Confirm',
		aim: 26,
		most: 26,
		cells: [few],
		value: (results) => results.typical(few).requests,
	},
	{
		promise: "execute outside n8n, 1,000 rows over TLS, 25 ms each way, 16 at once: its time by the plain fetch loop's",
		aim: 1.15,
		most: 1.25,
		...ratio(outside(core, internet), outside(loop, internet)),
	},
	{
		promise: "1,000 rows, plain, 20 ms for each answer: 3CX's time by the HTTP Request node's",
		aim: 0.22,
		most: 0.3,
		...ratio(inN8n('3CX', near), inN8n(http, near)),
	},
	{
		promise: 'The same with expressions for group and key, as dragged in the editor',
		aim: 0.3,
		most: 0.4,
		...ratio(inN8n('3CX dragged', near), inN8n(http, near)),
	},
	{
		promise: 'The same with an expression that must be evaluated',
		aim: 0.5,
		most: 0.6,
		...ratio(inN8n('3CX evaluated', near), inN8n(http, near)),
	},
	{
		promise: "1,000 rows, plain, 20 ms: 3CX's time by the generated node's",
		aim: 0.08,
		most: 0.11,
		isLong: true,
		...ratio(inN8n('3CX', near), inN8n('generated', near)),
	},
	{
		promise: "1,000 rows, plain, 20 ms, as dragged: 3CX's time by the generated node's",
		aim: 0.1,
		most: 0.14,
		isLong: true,
		...ratio(inN8n('3CX dragged', near), inN8n('generated', near)),
	},
	{
		promise: "1,000 rows, plain, 200 ms for each answer: 3CX's time by the HTTP Request node's",
		aim: 0.6,
		most: NO_FASTER,
		...ratio(inN8n('3CX', far), inN8n(http, far)),
	},
	{
		promise: "10,000 rows, plain, 200 ms for each answer: 3CX's time by the HTTP Request node's",
		aim: 0.6,
		most: NO_FASTER,
		isLong: true,
		...ratio(inN8n('3CX', far, 10_000), inN8n(http, far, 10_000)),
	},
	{
		promise: 'Round trips that 1,000 rows wait for, plain, 200 ms for each answer',
		aim: 18,
		most: 24,
		...roundTrips(inN8n('3CX', far), inN8n('3CX', {}), far.latency),
	},
	{
		// A call takes three: of TCP, of TLS, and its own.
		promise: 'Round trips that 1,000 rows wait for, over TLS, 25 ms each way',
		aim: 40,
		most: 60,
		...roundTrips(inN8n('3CX', internet), inN8n('3CX', { tls: 0 }), 2 * internet.tls),
	},
	{
		promise: "3CX in n8n, plain, 20 ms: 10,000 rows' time by 1,000 rows'",
		aim: 10.5,
		most: 10.5,
		isLong: true,
		...ratio(inN8n('3CX', near, 10_000), inN8n('3CX', near)),
	},
	{
		promise: "10,000 rows over loopback HTTP, 16 at once: execute's time by the plain fetch loop's",
		aim: 1.15,
		most: 1.25,
		...ratio(outside(core, {}, 10_000), outside(loop, {}, 10_000)),
	},
	{
		// Nothing is waited for, so CPU time is all that counts, and a busy machine hardly changes it.
		promise: "100,000 rows with a fetch that answers at once: execute's CPU time by the plain fetch loop's",
		aim: 10,
		most: 25,
		...ratio(instant(core), instant(loop), 'cpu'),
	},
];

/** Whether a bar stays below a limit, by runs that did all rows. */
const within = ({ cells, value }, results, limit) => cells.every(results.complete) && value(results) <= limit;

export const kept = (bar, results) => within(bar, results, bar.most);
export const reached = (bar, results) => within(bar, results, bar.aim);
