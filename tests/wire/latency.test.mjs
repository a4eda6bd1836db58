// The wire with latency: what it counts, and that its delays are paid.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Agent, request } from 'node:https';
import { after, before, test } from 'node:test';
import { certificate } from '../../scripts/lib/certificate.mjs';
import { Wire } from '../../scripts/lib/latency.mjs';
import { Client } from './support.mjs';

const DELAY = 50;
const pair = certificate(['localhost', '127.0.0.1']);
let server;

before(async () => {
	server = createServer((asked, answer) => {
		if (asked.method === 'POST') answer.writeHead(204);
		answer.end(asked.method === 'POST' ? undefined : 'x'.repeat(100_000));
	});
	await once(server.listen(0, '127.0.0.1'), 'listening');
});
after(() => server.close());

const wireTo = (delay) => Wire.start({ to: `http://127.0.0.1:${server.address().port}`, delay, certificate: pair });

test('a handshake pays two round trips, a request one, and all bytes arrive in order', async () => {
	const wire = await wireTo(DELAY);
	const agent = new Agent({ keepAlive: true, ca: pair.cert });
	const delays = async () => {
		const started = performance.now();
		const [answer] = await once(request(wire.address, { agent }).end(), 'response');
		const body = (await answer.toArray()).join('');
		assert.equal(body, 'x'.repeat(100_000));
		return (performance.now() - started) / DELAY;
	};
	const first = await delays();
	const second = await delays();
	assert.ok(first >= 5.9, `TCP, TLS and request: ${first} delays`);
	assert.ok(second >= 1.9 && second < first - 2, `a request alone: ${second} delays`);
	assert.deepEqual(wire.counts, { connections: 1, handshakes: 1, resumed: 0 });
	agent.destroy();
	await wire.stop();
});

test('whoever is given its certificate as an authority trusts it', async () => {
	const wire = await wireTo(0);
	const rows = [28, 29, 30].map((groupId) => ({ groupId, licenseKey: `CNRY-KEYX-WIRE-00${groupId}` }));
	const options = { address: wire.address, token: 'any', timeout: 60_000, confirm: false };
	for (const [authorities, isTrusted] of [[pair.cert, true], [certificate(['localhost']).cert, false]]) {
		wire.resetCounts();
		const client = new Client(authorities);
		const items = await client.run(rows, options);
		await client.stop();
		assert.deepEqual(items.map(({ json }) => json.success === true), rows.map(() => isTrusted), JSON.stringify(items));
		assert.ok(isTrusted ? wire.counts.handshakes >= 1 : wire.counts.handshakes === 0, JSON.stringify(wire.counts));
	}
	await wire.stop();
});
