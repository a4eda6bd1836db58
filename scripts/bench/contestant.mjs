// One measurement outside n8n, in a process of its own: waits for its task, tells what it took.
import { createRequire } from 'node:module';
import { middle } from './results.mjs';

const { execute } = createRequire(import.meta.url)('../../dist/portable/index.js');
const answer = { status: 204, headers: { get: () => null }, text: async () => '' };
const contestants = { 'fetch loop': loop, '3CX without Confirm': core };

process.once('message', async ({ who, rows, instant, repeats, ...task }) => {
	const items = rows.map((json) => ({ json }));
	const send = instant ? async () => answer : fetch;
	const rounds = [];
	for (let round = 0; round < repeats; round++) {
		const started = performance.now();
		const before = process.cpuUsage();
		const output = await contestants[who](items, send, task);
		const { user, system } = process.cpuUsage(before);
		const seconds = (performance.now() - started) / 1000;
		const done = output.filter(({ json }) => json.success).length;
		rounds.push({ seconds, cpu: (user + system) / 1e6, done });
	}
	const typical = middle(rounds, ({ seconds }) => seconds);
	process.send({ ...typical, memory: process.resourceUsage().maxRSS / 1024 }, () => process.disconnect());
});

function core(items, fetch, { credentials, concurrency }) {
	return execute(items, credentials, { fetch, concurrency, parameters: { confirm: false } });
}

/** What one would write without us. */
async function loop(items, fetch, { credentials: { baseUrl, accessToken }, concurrency }) {
	const url = `${baseUrl}/xapi/v1/Groups/Pbx.ReplaceGroupLicenseKey`;
	const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${accessToken}` };
	const output = new Array(items.length);
	let next = 0;
	const worker = async () => {
		for (let row = next++; row < items.length; row = next++) {
			const { groupId, licenseKey } = items[row].json;
			const body = JSON.stringify({ groupId: String(groupId), licenseKey });
			const { status } = await fetch(url, { method: 'POST', headers, body });
			output[row] = { json: { success: status === 204, groupId }, pairedItem: { item: row } };
		}
	};
	await Promise.all(Array.from({ length: concurrency }, worker));
	return output;
}
