// docs/performance.md, and what is said of the promises on the way.
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { newest } from '../lib/install.mjs';
import { root } from '../lib/run.mjs';
import { bars, instant, kept, reached } from './bars.mjs';
import { cellsOf, CONDITIONS, starts } from './matrix.mjs';
import { cell, condition } from './results.mjs';

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
	'3CX dragged': '**3CX** dragged',
	'3CX evaluated': '**3CX** evaluated',
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

Each row of a spreadsheet replaces the license key of a group on the simulated PBX, which has 1,100 groups, or as many as
there are rows. **TLS, 25 ms each way** is what people have: a PBX across the internet. Every connection pays for its
handshakes, of TCP and of TLS, with a round trip each. Plain HTTP stands for a proxy that is near; then the PBX waits before
each answer. In n8n, a workflow reads a CSV file and hands its rows to one node, by \`n8n execute\`:

- **3CX**: this node as it is when it is added: Rows From: Input Columns, Auto, Confirm, which reads the groups before and
  after. The others do not, so the node is measured **without Confirm** as well. **dragged**: with expressions for group and
  key as the editor writes them; **evaluated**: with one for the key that n8n must evaluate, \`{{ $json.licenseKey.trim() }}\`.
- **HTTP Request**: n8n's own node, which sends all rows as fast as it can make their requests.
- **generated**: a node that \`@devlikeapro/n8n-openapi-node\` makes of the same API, from ${rival.source}:
  ${whole(rival.properties)} properties, ${(rival.bytes / 1e6).toFixed(2)} MB.

Outside n8n, \`execute\` stands beside a loop around \`fetch\`, both with 16 requests at once.

## Aims

| what | measured | aim | |
|---|---:|---:|---|
${bars.map((bar) => line(bar.promise, figure(bar.value(results)), figure(bar.aim), reached(bar, results) ? 'reached' : '**not reached**')).join('\n')}

## What to make of it

${reading(results)}

## No keep-alive inside n8n

n8n's helper for requests, which a community node has to use, makes a new agent for each request, whatever the node says:
each one opens a connection of its own, and pays for its handshakes. So over TLS a call takes three round trips and more
where one would do, for every node alike, and each handshake takes processor time on both sides. \`fetch\` keeps connections,
but goes past n8n's proxy, its guard against forbidden addresses and its certificates, so the node does not use it. What is
left is to have more under way at once, to ask for less, and to start quickly. What connections that are kept would bring is
seen outside n8n:

${keptAlive(results)}

## In n8n

Time is the node's own, as n8n notes it. CPU is net of n8n's start and of its reading of the file: what the same workflow
takes when it ends in No Operation, of which the time is that of the whole process. It is the difference of two processes, so
where a node takes little, it can come out negative. Memory is the peak of the whole n8n process. At once: the most requests that the PBX had at work. Connections, each with its handshakes, are counted on the wire.
Rounds: the one in the middle is shown.
${CONDITIONS.map((one) => `\n### ${condition(one.of)}\n\n${table(results, cellsOf('n8n', one))}`).join('\n')}

### n8n itself

${grid(starts.map((one) => cellLine(results, one, true)))}

## Outside n8n

Time and CPU from the call to its end, memory of the whole process.
${CONDITIONS.filter(({ outside }) => outside.length).map((one) => `\n### ${condition(one.of)}, outside\n\n${table(results, cellsOf('outside', one))}`).join('\n')}
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

const HEAD = ['rows', '', 'time (s)', 'CPU (s)', 'memory (MB)', 'requests', 'connections', 'at once', 'rounds'];

const table = (results, cells) => grid(cells.filter(results.has).map((one) => cellLine(results, one)));

const grid = (lines) => [line(...HEAD), `|---:|---|${'---:|'.repeat(HEAD.length - 2)}`, ...lines].join('\n');

function cellLine(results, one, gross) {
	const { seconds, cpu, memory, requests, connections = NaN, atOnce } = results.typical(one);
	const time = [seconds, gross ? cpu : results.cpu(one)];
	const who = TITLES[one.who] + failure(results, one);
	const counts = [memory, requests, connections, atOnce].map(whole);
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
	const conditions = CONDITIONS.flatMap(({ of, n8n }) => n8n.filter((rows) => rows >= 1000).map((rows) => ({ rows, of })));
	const cellOf = (who, { rows, of }) => cell('n8n', who, rows, of);
	const time = (who, pair) => results.typical(cellOf(who, pair)).seconds;
	const said = ({ rows, of }) => `${whole(rows)} rows over ${condition(of)}`;
	const rivals = ['HTTP Request', 'generated'].map((rival) => {
		const measured = conditions.filter((pair) => results.has(cellOf(rival, pair)));
		const done = measured.filter((pair) => results.complete(cellOf(rival, pair)));
		const ratios = done.map((pair) => time(rival, pair) / time('3CX', pair));
		const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(1));
		const ahead = done.filter((_, index) => ratios[index] < 1).map(said);
		const faster = ahead.length ? `; faster for ${ahead.join(', ')}` : '';
		const failed = measured.filter((pair) => !done.includes(pair)).map(said);
		const fails = failed.length ? `; does not do all of ${failed.join(', ')}` : '';
		return `- The ${TITLES[rival]} takes ${least} to ${most} times as long as 3CX from 1,000 rows on${faster}${fails}.`;
	});
	const many = { rows: 10_000, of: { tls: 25 } };
	const { requests, connections, atOnce } = results.typical(cellOf('3CX', many));
	const perRow = (who) => (results.typical(instant(who)).seconds * 1e6) / instant(who).rows;
	const without = results.typical(cellOf('3CX without Confirm', many)).requests;
	return [
		...rivals,
		`- For ${said(many)}, 3CX takes ${time('3CX', many).toFixed(1)} s and ${time('3CX without Confirm', many).toFixed(1)} s without Confirm, which is`,
		`  ${whole(requests - without)} of ${whole(requests)} requests, over ${whole(connections)} connections. At most ${atOnce} were at work at once.`,
		`- With a fetch that answers at once, 3CX takes ${perRow('3CX without Confirm').toFixed(1)} µs a row, the loop ${perRow('fetch loop').toFixed(1)} µs. The aim is at most ${OVER_LOOP} µs more.`,
	].join('\n');
}

/** The same rows over the same wire, with connections that are kept and without. */
function keptAlive(results) {
	const of = { tls: 25 };
	const shown = [['n8n', '3CX without Confirm'], ['n8n', 'HTTP Request'], ['outside', '3CX without Confirm'], ['outside', 'fetch loop']];
	const lines = shown.map(([place, who]) => {
		const { seconds, connections, atOnce } = results.typical(cell(place, who, 1000, of));
		const title = place === 'n8n' ? `${TITLES[who]}, in n8n` : who === 'fetch loop' ? TITLES[who] : '`execute` over `fetch`';
		return line(title, seconds.toFixed(2), whole(connections), whole(atOnce));
	});
	return [line(`1,000 rows, ${condition(of)}`, 'time (s)', 'connections', 'at once'), '|---|---:|---:|---:|', ...lines].join('\n');
}
