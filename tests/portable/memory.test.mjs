// What outlives a run: the option memory, with Skip Rows Done Before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../scripts/lib/run.mjs';
import { execute, instant, key } from './support.mjs';

const credentials = { baseUrl: 'https://pbx.example.com', accessToken: 't' };
const parameters = { confirm: false, skipDoneBefore: true };
const rowsOf = (count) => Array.from({ length: count }, (_, row) => ({ json: { groupId: row + 1, licenseKey: key(row) } }));

function host(more, texts = new Set()) {
	const seen = { remembered: 0, calls: 0, atOnce: 0 };
	const alone = async (work) => {
		seen.calls++;
		assert.equal(++seen.atOnce, 1, 'one call at a time');
		await new Promise((resolve) => setTimeout(resolve, 2));
		seen.atOnce--;
		return work();
	};
	return {
		texts,
		seen,
		remember: async (given) =>
			await alone(() => {
				const known = given.map((text) => texts.has(text));
				for (const text of given) texts.add(text);
				seen.remembered += given.filter((text) => text.endsWith(':begun')).length;
				return known;
			}),
		forget: async (given) => await alone(() => given.forEach((text) => texts.delete(text))),
		...more,
	};
}

test('rows are remembered before they are sent, many at a time, and never by their keys', async () => {
	const memory = host();
	let sent = 0;
	const { fetch } = instant(() => {
		assert.ok(memory.seen.remembered >= ++sent, 'remembered first');
		return {};
	});
	const out = await execute(rowsOf(1000), credentials, { fetch, parameters, memory });
	assert.ok(out.every(({ json }) => json.success && !json.doneBefore));
	assert.equal(memory.texts.size, 1000);
	assert.ok(memory.seen.calls <= 100, `${memory.seen.calls} calls for 1,000 rows`);
	assert.doesNotMatch([...memory.texts].join(), /CNRY|KEYX|pbx/);
	const again = await execute(rowsOf(1001), credentials, { fetch, parameters, memory });
	assert.equal(sent, 1001, 'only what is new');
	assert.equal(again.filter(({ json }) => json.doneBefore).length, 1000);
	const other = await execute(rowsOf(10), { ...credentials, baseUrl: 'https://other.example.com' }, { fetch, parameters, memory });
	assert.ok(other.every(({ json }) => json.success && !json.doneBefore), 'another PBX');
});

test('a run that vanishes leaves rows done, in doubt or new', async () => {
	const memory = host();
	const applied = [];
	let answered = 0;
	const hanging = instant(async (_, { body }) => {
		applied.push(JSON.parse(body).licenseKey);
		if (++answered > 20) await new Promise(() => {});
		return {};
	});
	const end = new AbortController();
	const vanished = execute(rowsOf(60), credentials, { fetch: hanging.fetch, parameters, memory, concurrency: 4, signal: end.signal });
	await until(() => answered === 24);
	const count = (end) => [...memory.texts].filter((text) => text.endsWith(end)).length;
	await until(() => count(':begun') - count(':open') === 20);
	const { fetch } = instant((_, { body }) => void applied.push(JSON.parse(body).licenseKey) ?? {});
	const out = await execute(rowsOf(60), credentials, { fetch, parameters, memory: host({}, memory.texts) });
	assert.equal(new Set(applied).size, applied.length, 'nothing twice');
	const inDoubt = out.filter(({ json }) => json.details?.code === 'IN_DOUBT');
	const before = out.filter(({ json }) => json.doneBefore);
	assert.equal(before.length, 20);
	assert.ok(inDoubt.length >= 4, 'those under way, and those that were about to go');
	assert.ok(inDoubt.every(({ json }) => json.details.outcome === 'unknown' && /not sent again/.test(json.message)));
	assert.equal(applied.length, 60 - inDoubt.length + 4);
	end.abort();
	await vanished;
});

test('without a memory that works nothing is sent, and every row says why', async () => {
	const rejects = host({ remember: async () => Promise.reject(new Error('the database is locked')) });
	const throws = host({ remember: () => { throw new Error('no memory today'); } });
	for (const [memory, why] of [
		[undefined, /there is none/],
		[rejects, /the database is locked/],
		[throws, /no memory today/],
		[host({ remember: async () => undefined }), /does not tell what it knows/],
		[host({ remember: async (texts) => texts.map(() => undefined) }), /does not tell what it knows/],
		[host({ remember: async () => [] }), /another run|does not tell/],
		[host({ capacity: 19 }), /room for 9 rows, and these are 10/],
		[{}, /./],
	]) {
		const { fetch, requests } = instant();
		const out = await execute(rowsOf(10), credentials, { fetch, parameters, memory });
		assert.equal(requests.length, 0);
		for (const { json } of out) {
			assert.match(json.error, why);
			assert.equal(json.details.outcome, 'notSent');
		}
	}
});

test('a row that 3CX refuses is new again', async () => {
	const memory = host();
	const { fetch } = instant(() => ({ status: 400, body: '{}' }));
	await execute(rowsOf(10), credentials, { fetch, parameters, memory });
	assert.equal(memory.texts.size, 0);
});

test('what is off costs nothing', async () => {
	const memory = host();
	const { fetch } = instant();
	await execute(rowsOf(10), credentials, { fetch, parameters: { confirm: false }, memory });
	assert.equal(memory.seen.calls, 0);
});
