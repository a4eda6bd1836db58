// Calls and legs of a period: the built module against the simulated PBX.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, beforeEach, test } from 'node:test';
import { Simulator } from '../../scripts/lib/simulator.mjs';
import { traffic } from '../../scripts/lib/traffic.mjs';
import { at, execute, instant, wasm } from './support.mjs';

const require = createRequire(import.meta.url);
const { poll } = require('../../dist/portable/index.js');

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOW = Date.parse('2026-10-27T12:00:00Z');

let simulator;
let credentials;

before(async () => {
	simulator = await Simulator.start('--build', '20.0.10.1', '--static-token', 'ready');
	credentials = { baseUrl: simulator.address, accessToken: 'ready' };
});
after(() => simulator?.stop());
beforeEach(() => simulator.reset());

const log = (rows) => simulator.records('/ReportCallLogData', rows);
const reports = async () => (await simulator.log()).requests.filter(({ path }) => path.includes('GetCallLogData('));

/** Runs an operation of calls at a moment of their own. */
async function run(context, parameters, { operation = 'List Call', now = NOW, ...options } = {}) {
	const all = { timezone: 'Europe/Berlin', ...options, resource: 'Calls', operation, parameters };
	const items = await at(context, now, () => execute([{ json: {} }], credentials, all));
	return items.map(({ json }) => json);
}

test('50,000 legs of a week: complete, newest first, at most five requests above the least, in memory that does not grow', async (context) => {
	const rows = traffic({ from: NOW - 6 * DAY, to: NOW, legs: 50_000 });
	await log(rows);
	const create = context.mock.method(wasm, 'create');
	const memory = () => create.mock.calls.at(-1).result.memory.buffer.byteLength;
	const calls = await run(context, { returnAll: true });
	const large = memory();
	const asked = await reports();
	assert.ok(asked.length <= 50_000 / 1000 + 5, `${asked.length} requests`);
	assert.ok(Math.max(...asked.map(({ peak }) => peak)) === 1, 'one report at a time');
	const expected = [...new Set(rows.map((row) => row.MainCallHistoryId))].reverse();
	assert.deepEqual(calls.map(({ id }) => id), expected);
	assert.deepEqual(calls.map(({ start }) => start).toSorted().reverse(), calls.map(({ start }) => start));
	await log(traffic({ from: NOW - DAY, to: NOW, legs: 50_000 / 6 }));
	await run(context, { returnAll: true });
	// What it held of all calls would be several times as much.
	assert.ok(large <= 2 * memory(), `${large} bytes, and ${memory()} for a sixth`);
});

test('calls are those of the trigger, in the days of the time zone', async (context) => {
	// Clocks were set back on the 25th: that day has 25 hours.
	const legAt = (text, call) => traffic({ from: Date.parse(text), to: Date.parse(text) + 1, legs: 1 }).map((row) => ({ ...row, CdrId: call, MainCallHistoryId: call }));
	const days = ['2026-10-24T21:59:59Z', '2026-10-24T22:00:00Z', '2026-10-25T22:59:59Z', '2026-10-25T23:00:00Z', '2026-10-27T11:00:00Z'];
	await log(days.flatMap((text) => legAt(text, text)));
	const ids = async (period, options) => (await run(context, { period }, options)).map(({ id, error }) => id ?? error);
	assert.deepEqual(await ids('today'), [days[4]]);
	const monday = { now: Date.parse('2026-10-26T08:00:00Z') };
	assert.deepEqual(await ids('yesterday', monday), [days[2], days[1]]);
	assert.deepEqual(await ids('yesterday', { ...monday, timezone: 'UTC' }), [days[3], days[2]]);
	assert.deepEqual(await ids('today', { now: NOW, timezone: 'Pacific/Kiritimati' }), [days[4]]);
	assert.deepEqual(await ids('last7Days'), days.toReversed());
	await simulator.records('/ActiveCalls', []);
	const { items } = await at(context, NOW, () => poll(undefined, credentials, { events: ['callEnded'], latest: true }));
	const [{ json: { event, ...told } }] = items;
	assert.deepEqual([(await run(context, {}))[0], event], [told, 'callEnded']);
	await assert.rejects(run(context, {}, { timezone: 'Middle/Earth' }), /timezone must be the name of a time zone/);
});

test('filters, legs and a limit, each row for itself; a wrong row sends nothing', async () => {
	const recent = Date.now() - 30 * MINUTE;
	await log(traffic({ from: recent - DAY, to: recent, legs: 1200 }));
	const forms = [
		{ calls: 'missed', limit: 5 },
		{ direction: 'outbound', returnAll: true },
		{ queue: '800', includeLegs: true, limit: 1 },
		{ direction: 'up' },
	];
	const items = await execute(forms.map(() => ({ json: {} })), credentials, { resource: 'Calls', operation: 'List Call', parameters: (row) => forms[row] });
	const of = (row) => items.filter(({ pairedItem }) => pairedItem.item === row).map(({ json }) => json);
	assert.ok(of(0).length === 5 && of(0).every(({ missed }) => missed));
	assert.ok(of(1).length > 100 && of(1).every(({ direction }) => direction === 'outbound'));
	assert.deepEqual(of(2).map(({ legs }) => legs[0].CallType), ['Queue']);
	assert.match(of(3)[0].error, /There is no direction up/);
	const [first] = of(2);
	const one = { resource: 'Calls', operation: 'List Call Leg', parameters: { callId: first.id, returnAll: true } };
	const legs = await execute([{ json: {} }], credentials, one);
	assert.deepEqual(legs.map(({ json }) => json.CdrId), first.legs.map(({ CdrId }) => CdrId).reverse());
});

test('a failure in the middle tells what came before, and gives no part of it as the whole', async () => {
	await log(traffic({ from: Date.now() - DAY, to: Date.now(), legs: 3000 }));
	await simulator.faults({ match: { path_contains: 'GetCallLogData' }, skip: 2, times: 20, fault: { kind: 'status', status: 403 } });
	const told = [];
	const options = { resource: 'Calls', operation: 'List Call', parameters: { returnAll: true }, onFailed: (item) => told.push(item) };
	const items = await execute([{ json: {} }], credentials, options);
	const [{ json }] = items;
	assert.deepEqual([items.length, told.length, json.details.code], [1, 1, 'FORBIDDEN']);
	assert.ok(json.details.records.length > 100 && json.details.records[0].id, json.error);
	assert.ok(json.error.endsWith(`${json.details.records.length} records came before`), json.error);
});

test('an empty log is told from one that is withheld', async () => {
	await log([]);
	await simulator.records('/LastCdrAndChatMessageTimestamp', []);
	const calls = { resource: 'Calls', operation: 'List Call', parameters: {} };
	assert.deepEqual(await execute([{ json: {} }], credentials, calls), []);
	await log(traffic({ from: Date.now() - DAY, to: Date.now(), legs: 10 }));
	await simulator.records('/LastCdrAndChatMessageTimestamp', [{ LastCdrStartedAt: new Date(Date.now() - MINUTE).toISOString() }]);
	await simulator.switches({ call_log_withheld: true });
	const [{ json }] = await execute([{ json: {} }], credentials, calls);
	assert.deepEqual([json.details.code, /System Owner/.test(json.message)], ['CALLS_WITHHELD', true]);
});

test('the call operations of other resources are offered here, and stay where they were', async () => {
	for (const resource of ['Calls', 'Active Calls']) {
		const items = await execute([{ json: {} }], credentials, { resource, operation: 'List Active Call', parameters: {} });
		assert.ok(items.length > 0 && items.every(({ json }) => json.error === undefined), resource);
	}
	for (const resource of ['Calls', 'Users']) {
		for (const [answer, expected] of [
			[{ status: 200, body: '{"FinalStatus":"Failed","Reason":"Busy","ReasonText":"no"}' }, ['NO_CALL', /did not come about \(Failed; Busy; no\)/]],
			[{ status: 404 }, ['NOT_FOUND', /none of its phones is registered/]],
			[{ status: 200, body: '{"FinalStatus":"Success","Reason":null}' }, [undefined, /^undefined$/]],
		]) {
			const { fetch, requests } = instant(() => answer);
			const parameters = { fields: { dn: '101', destination: '+49301234' } };
			const [{ json }] = await execute([{ json: {} }], { baseUrl: 'pbx', accessToken: 't' }, { resource, operation: 'Make Call', parameters, fetch });
			assert.equal(json.details?.code, expected[0]);
			assert.match(String(json.error), expected[1]);
			assert.equal(requests.length, 1, 'it is not sent again');
		}
	}
	await assert.rejects(execute([{ json: {} }], credentials, { resource: 'Calls', operation: 'List User' }), /no operation/);
});

test('a filter that came to nothing does not give the calls of all', async () => {
	const { fetch, requests } = instant(() => ({ status: 200, body: '{"value":[]}' }));
	const told = async (operation, parameters) => {
		requests.length = 0;
		const [item] = await execute([{ json: {} }], { baseUrl: 'pbx', accessToken: 't' }, { resource: 'Calls', operation, parameters, fetch });
		assert.equal(requests.length > 0, item === undefined, JSON.stringify(item));
		return item?.json.error;
	};
	for (const blank of [undefined, null, '', ' ']) {
		for (const [name, label] of [['extension', 'Extension'], ['externalOnly', 'External Only'], ['answeredBy', 'Answered By'], ['number', 'Number'], ['queue', 'Queue']]) {
			assert.equal(await told('List Call', { [name]: blank }), `${label} is empty`);
		}
		assert.equal(await told('List Call Leg', () => ({ callId: blank })), 'Call or Leg ID is empty');
	}
	assert.equal(await told('List Call Leg', { callId: null }), 'Call or Leg ID is empty');
	assert.equal(await told('List Call Leg', { callId: '' }), undefined, 'as the form has it untouched');
	for (const nothing of [{}, () => ({})]) {
		assert.equal(await told('List Call', nothing), undefined);
		assert.equal(await told('List Call Leg', nothing), undefined);
	}
});
