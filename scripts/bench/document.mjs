// docs/performance.md, and what is said of the promises on the way.
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { newest } from '../lib/install.mjs';
import { root } from '../lib/run.mjs';
import { bars, instant, kept, reached } from './bars.mjs';
import { LATENCIES, PLACES, SIZES } from './matrix.mjs';
import { cell } from './results.mjs';

/** What a row may take more than in the loop, in microseconds on the machine that the page names. */
const OVER_LOOP = 5;
const json = (...path) => JSON.parse(readFileSync(join(...path), 'utf8'));
const known = (number, text) => (Number.isNaN(number) ? '?' : text);
const whole = (number) => known(number, Math.round(number).toLocaleString('en'));
const figure = (number) => (number < 1 ? number.toFixed(3) : number.toFixed(2));
const TITLES = {
	'No Operation': 'n8n itself (No Operation)',
	'HTTP Request': 'HTTP Request node',
	generated: 'generated node',
	'fetch loop': 'plain `fetch` loop',
	'3CX': '**3CX**',
	'3CX without Confirm': '**3CX** without Confirm',
};

/** One line for each promise. */
export const verdict = (results) =>
	bars
		.map((bar) => `${kept(bar, results) ? '✓' : '✗'} ${bar.promise}: ${figure(bar.value(results))} (aim ${figure(bar.aim)}, at most ${figure(bar.most)})`)
		.join('\n');

export const page = (results, { rival, minutes }) => `# Performance

Made by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)} in ${minutes} minutes; do not edit. \`npm run bench -- --check\`,
a part of \`npm test\`, measures them anew, and fails where one is far off.

${machine()}

Each row of a spreadsheet replaces the license key of a group on the simulated PBX, which waits for 0, 20 or 200 ms before
each answer. In n8n, a workflow reads a CSV file and hands its rows to one node, by \`n8n execute\`:

- **3CX**: this node, with Rows From: Input Columns. Confirm, which is on unless switched off, reads all groups before and
  after; the others do not, so the node is measured without it as well.
- **HTTP Request**: n8n's own node, which sends all rows as fast as it can make their requests.
- **generated**: a node that \`@devlikeapro/n8n-openapi-node\` makes of the same API, from ${rival.source}:
  ${whole(rival.properties)} properties, ${(rival.bytes / 1e6).toFixed(2)} MB.

Outside n8n, \`execute\` stands beside a loop around \`fetch\`, both with 16 requests at once: over HTTP, and with a fetch
that answers at once.

## Aims

| what | measured | aim | |
|---|---:|---:|---|
${bars.map((bar) => line(bar.promise, figure(bar.value(results)), figure(bar.aim), reached(bar, results) ? 'reached' : '**not reached**')).join('\n')}

## What to make of it

${reading(results)}

## In n8n

Time is the node's own, as n8n notes it. CPU is net of n8n's start and of its reading of the file: what the same workflow
takes when it ends in No Operation, of which the time is that of the whole process. Memory is the peak of the whole n8n
process. At once: the most requests that the PBX had at work. Rounds: the one in the middle is shown.

${startTable(results)}
${LATENCIES.map((latency) => `\n### ${latency} ms\n\n${table(results, 'n8n', latency)}`).join('\n')}

## Outside n8n

Time and CPU from the call to its end, memory of the whole process.
${LATENCIES.map((latency) => `\n### ${latency} ms, outside\n\n${table(results, 'outside', latency)}`).join('\n')}
`;

const line = (...cells) => `| ${cells.join(' | ')} |`;

function machine() {
	const { n8n, node } = json(newest.folder, 'package.json').dependencies;
	const generator = json(root, 'scripts/bench/package.json').dependencies['@devlikeapro/n8n-openapi-node'];
	const processors = cpus();
	return [
		`Machine: ${processors.length} × ${processors[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform};`,
		`everything, the PBX too, on this one.`,
		`n8n-nodes-3cx ${json(root, 'package.json').version}, n8n ${n8n}, n8n-openapi-node ${generator}, Node.js ${node}.`,
	].join('\n');
}

const HEAD = ['rows', '', 'time (s)', 'CPU (s)', 'memory (MB)', 'requests', 'at once', 'rounds'];

function table(results, place, latency) {
	const cells = SIZES.flatMap((rows) => PLACES[place].map((who) => cell(place, who, rows, latency)));
	return grid(cells.filter(results.has).map((one) => cellLine(results, one)));
}

function startTable(results) {
	return grid(SIZES.map((rows) => cellLine(results, cell('n8n', 'No Operation', rows, 0), true)));
}

const grid = (lines) => [line(...HEAD), '|---:|---|---:|---:|---:|---:|---:|---:|', ...lines].join('\n');

function cellLine(results, one, gross) {
	const { seconds, cpu, memory, requests, atOnce } = results.typical(one);
	const time = [seconds, gross ? cpu : results.cpu(one)];
	const who = TITLES[one.who] + failure(results, one);
	const counts = [memory, requests, atOnce].map(whole);
	return line(whole(one.rows), who, ...time.map((value) => known(value, value.toFixed(2))), ...counts, results.rounds(one));
}

/** Said of a contestant that did not do all rows in any round. */
function failure(results, one) {
	if (results.complete(one)) return '';
	const { done, error } = results.typical(one);
	return `: only ${whole(done)} rows done${error ? ` (${error.replaceAll('|', '/')})` : ''}`;
}

/** What the tables say in few words, above all where the node is behind. */
function reading(results) {
	const pairs = LATENCIES.flatMap((latency) => SIZES.filter((rows) => rows >= 1000).map((rows) => ({ rows, latency })));
	const of = (who, { rows, latency }) => cell('n8n', who, rows, latency);
	const time = (who, pair) => results.typical(of(who, pair)).seconds;
	const said = ({ rows, latency }) => `${whole(rows)} rows at ${latency} ms`;
	const rivals = ['HTTP Request', 'generated'].map((rival) => {
		const measured = pairs.filter((pair) => results.has(of(rival, pair)));
		const done = measured.filter((pair) => results.complete(of(rival, pair)));
		const ratios = done.map((pair) => time(rival, pair) / time('3CX', pair));
		const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(1));
		const ahead = done.filter((_, index) => ratios[index] < 1).map(said);
		const faster = ahead.length ? `; faster for ${ahead.join(', ')}` : '';
		const failed = measured.filter((pair) => !done.includes(pair)).map(said);
		const fails = failed.length ? `; does not do all of ${failed.join(', ')}` : '';
		return `- The ${TITLES[rival]} takes ${least} to ${most} times as long as 3CX from 1,000 rows on${faster}${fails}.`;
	});
	const many = { rows: SIZES.at(-1), latency: 20 };
	const { requests, atOnce } = results.typical(of('3CX', many));
	const perRow = (who) => (results.typical(instant(who)).seconds * 1e6) / instant(who).rows;
	const without = results.typical(of('3CX without Confirm', many)).requests;
	return [
		...rivals,
		`- For ${said(many)}, 3CX takes ${time('3CX', many).toFixed(1)} s and ${time('3CX without Confirm', many).toFixed(1)} s without Confirm, which is`,
		`  ${whole(requests - without)} of ${whole(requests)} requests. At most ${atOnce} were at work at once.`,
		`- With a fetch that answers at once, 3CX takes ${perRow('3CX without Confirm').toFixed(1)} µs a row, the loop ${perRow('fetch loop').toFixed(1)} µs. The aim is at most ${OVER_LOOP} µs more.`,
	].join('\n');
}
