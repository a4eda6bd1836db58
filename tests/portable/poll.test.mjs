// What has happened since the last look: `poll` against the simulated PBX, and the trigger node around it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { after, before, beforeEach, test } from 'node:test';
import { client, Simulator } from '../../scripts/lib/simulator.mjs';
import { at, instant } from './support.mjs';

const require = createRequire(import.meta.url);
const { poll, systemEvents } = require('../../dist/portable/index.js');
const { ThreecxTrigger } = require('../../dist/nodes/ThreecxTrigger/ThreecxTrigger.node.js');

let simulator;
let credentials;

before(async () => {
	simulator = await Simulator.start();
	credentials = { baseUrl: simulator.address, ...client };
});
after(() => simulator?.stop());
beforeEach(() => simulator.reset());

const MINUTE = 60_000;
const START = Date.now();
const ago = (ms) => new Date(START - ms).toISOString();

const preview = JSON.parse(readFileSync(new URL('../../dist/nodes/ThreecxTrigger/__schema__/v1.0.0.json', import.meta.url), 'utf8'));

/** A row of the call log. */
const leg = (call, minutes, fields) => ({
	CdrId: `${call}-${minutes}`,
	MainCallHistoryId: call,
	StartTime: ago(minutes * MINUTE),
	RingingDuration: 'PT5S',
	TalkingDuration: 'PT0S',
	Answered: false,
	Status: 'Unanswered',
	Direction: 'Inbound',
	CallType: 'Extension',
	SourceDn: '10000',
	SourceCallerId: '+49301234567',
	DestinationDn: '101',
	...fields,
});
const queue = { Direction: 'Inbound Queue', CallType: 'Queue', DestinationDn: '800', Answered: true, Status: 'Waiting' };
const entry = (Id, EventId, ...Params) => ({ Id, EventId, Type: 'Info', TimeGenerated: ago(MINUTE - Id), Message: 'Trunk %1$s is %2$s', Params });
const recording = (Id) => ({ Id, StartTime: ago(MINUTE), RecordingUrl: `101/${Id}.wav`, CallType: 'Local' });

const calls = (...rows) => simulator.records('/ReportCallLogData', rows);
const active = (...rows) => simulator.records('/ActiveCalls', rows);
const all = { events: ['callEnded', 'callMissed', 'recordingAvailable', 'systemEvent'] };

/** Looks as a workflow does: its clock goes on by a minute, and it keeps what it was given. */
function follower(options, as = credentials) {
	let state;
	return (context, minutes) =>
		at(context, Date.now() + minutes * MINUTE, async () => {
			const found = await poll(state, as, options);
			state = JSON.parse(JSON.stringify(found.state));
			return found.items.map(({ json }) => json);
		});
}

test('what was there before is not told; what comes is, once', async (context) => {
	const look = follower(all);
	await active();
	await calls(leg('old', 5));
	await simulator.records('/EventLogs', [entry(7, 4097)]);
	await simulator.records('/Recordings', [recording(3)]);
	assert.deepEqual(await look(context, 0), []);

	await calls(leg('old', 5), leg('new', 2, queue), leg('new', 1));
	await simulator.records('/EventLogs', [entry(7, 4097), entry(8, 4100, '10000', 'unregistered')]);
	await simulator.records('/Recordings', [recording(3), recording(5)]);
	const first = await look(context, 1);
	assert.deepEqual(first.map(({ event, Id }) => [event, Id]), [['systemEvent', 8], ['recordingAvailable', 5]]);
	assert.deepEqual([first[0].EventName, first[0].Message], ['Trunk: Registration changed', 'Trunk 10000 is unregistered']);

	const second = await look(context, 2);
	assert.deepEqual(second.map(({ event, id, queueNumber, fromNumber }) => [event, id, queueNumber, fromNumber]), [
		['callEnded', 'new', '800', '+49301234567'],
		['callMissed', 'new', '800', '+49301234567'],
	]);
	assert.deepEqual(await look(context, 3), []);
});

test('chat messages are told once, newest and all, from outside only if so wanted', async (context) => {
	const look = follower({ events: ['chatMessageReceived'], externalOnly: true });
	const message = (MessageId) => ({ MessageId, ConversationId: 1, TimeSent: ago(MINUTE - MessageId), Message: `No. ${MessageId}`, IsExternal: MessageId !== 4 });
	const chat = (count) => simulator.records('/ChatMessagesHistoryView', Array.from({ length: count }, (_, index) => message(index + 1)));
	await chat(3);
	assert.deepEqual(await look(context, 0), []);
	await chat(5);
	const told = await look(context, 1);
	assert.deepEqual(told.map(({ event, Message }) => [event, Message]), [['chatMessageReceived', 'No. 5']]);
	await chat(250);
	assert.deepEqual((await look(context, 2)).map(({ MessageId }) => MessageId), Array.from({ length: 245 }, (_, index) => index + 6));
	assert.deepEqual(await look(context, 3), []);
});

test('a call that goes on is not told before it is over, although a leg of it is', async (context) => {
	const look = follower({ events: ['callMissed', 'callEnded'] });
	await calls();
	await active();
	await look(context, 0);
	await calls(leg('c', 2, queue));
	await active({ Id: 1, Caller: '+49301234567 (10000)', Callee: '101 Ada', Status: 'Talking' });
	for (const minutes of [1, 2, 3]) assert.deepEqual(await look(context, minutes), []);
	await active();
	await calls(leg('c', 2, queue), leg('c', 1, { Answered: true, Status: 'Answered', TalkingDuration: 'PT1M' }));
	assert.deepEqual(await look(context, 4), []);
	const told = await look(context, 5);
	assert.deepEqual(told.map(({ event, answered, talkSeconds }) => [event, answered, talkSeconds]), [['callEnded', true, 60]]);
});

test('a look costs one request for each list, and two for calls or three if there is none; the call log is not asked for in an order', async (context) => {
	const look = follower(all);
	await active();
	await calls();
	await simulator.records('/LastCdrAndChatMessageTimestamp', []);
	await look(context, 0);
	const before = (await simulator.log()).requests.length;
	await look(context, 1);
	const { requests } = await simulator.log();
	const sent = requests.slice(before).map(({ path, query }) => [path.split('(')[0].replace('/xapi/v1/', ''), query]);
	assert.deepEqual(sent.map(([path]) => path), ['EventLogs', 'Recordings', 'ActiveCalls', 'ReportCallLogData/Pbx.GetCallLogData', 'LastCdrAndChatMessageTimestamp']);
	assert.equal(sent[3][1], '$top=1000');
	assert.equal(requests.filter(({ path }) => path === '/connect/token').length, 1, 'one log-in for all looks');
});

test('a look that fails rejects with what to do, and what it missed is found by the next one', async (context) => {
	const look = follower(all);
	await active();
	await calls();
	await simulator.records('/EventLogs', []);
	await look(context, 0);
	await simulator.records('/EventLogs', [entry(1, 4100)]);
	await simulator.switches({ role: 'user' });
	await assert.rejects(look(context, 1), (error) => /System Owner/.test(error.description));
	await simulator.switches({ role: 'owner' });
	assert.deepEqual((await look(context, 2)).map(({ Id }) => Id), [1]);
});

test('one list that fails holds up no other: what was read comes with the error', async (context) => {
	const events = { events: ['callEnded', 'systemEvent'] };
	await active();
	await calls();
	await simulator.records('/EventLogs', []);
	const { state } = await poll(undefined, credentials, events);
	await simulator.records('/EventLogs', [entry(1, 4100)]);
	// Nobody answers for the call log.
	const withoutCalls = async (url, init) =>
		String(url).includes('GetCallLogData') ? { status: 403, headers: { get: () => null }, text: async () => '' } : await fetch(url, init);
	const error = await poll(state, credentials, { ...events, fetch: withoutCalls }).then(assert.fail, (error) => error);
	assert.match(error.message, /^Call Ended: /);
	assert.match(error.description, /System Owner.*The other events are reported/);
	assert.deepEqual(error.found.items.map(({ json }) => json.Id), [1]);
	assert.deepEqual(error.found.state.calls, state.calls);
	assert.deepEqual((await poll(error.found.state, credentials, events)).items, []);
	// Nothing of it was kept: nothing is lost.
	assert.deepEqual((await poll(state, credentials, events)).items.map(({ json }) => json.Id), [1]);
	// Who cannot be reached is not tried again and again.
	const { fetch: down, requests } = instant(() => ({ status: 401 }));
	const refused = await poll(state, { baseUrl: 'pbx', clientId: 'a', clientSecret: 'b' }, { ...events, fetch: down }).then(assert.fail, (error) => error);
	assert.deepEqual([refused.found, requests.length], [undefined, 1]);
	context.diagnostic(error.message);
});

test('a refused log-in is tried again after 1, 2, 4 … 60 minutes only, but at once by a person or with another credential', async (context) => {
	for (const status of [400, 401, 403]) {
		let answered = status;
		const { fetch, requests } = instant((url) =>
			!url.endsWith('/connect/token') ? { status: 200, body: '{"value":[]}' } : { status: answered, body: '{"access_token":"t"}' });
		const login = { baseUrl: `https://refused-${status}.example.com`, clientId: 'a', clientSecret: 'wrong' };
		const events = { events: ['systemEvent'], fetch };
		const tried = [];
		const look = (minute, options, as = login) =>
			at(context, START + minute * MINUTE, () => poll(undefined, as, { ...events, ...options })).then(() => undefined, (error) => error);
		let last;
		for (let minute = 0; minute <= 190; minute++) {
			const before = requests.length;
			last = await look(minute);
			assert.equal(last.message, `Not sent: 3CX refused the log-in (${status})`);
			if (requests.length > before) tried.push(minute);
		}
		assert.deepEqual(tried, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
		assert.match(last.description, /The trigger tries again in 53 minutes, or as soon as the credential has changed or a test event is fetched\.$/);
		const asked = async (...more) => {
			const before = requests.length;
			const { description } = await look(191, ...more);
			return requests.length > before && !description.includes('tries again');
		};
		assert.deepEqual([await asked(), await asked({ latest: true })], [false, true]);
		for (const other of [{ clientId: 'b' }, { clientSecret: 'other' }, { baseUrl: `https://other-${status}.example.com` }]) {
			assert.ok(await asked({}, { ...login, ...other }), JSON.stringify(other));
		}
		assert.equal(await look(191, {}, { ...login, accessToken: `renewed-${status}`, refresh: () => assert.fail() }), undefined);
		// What was mended in 3CX: a person's test clears it.
		answered = 200;
		assert.equal((await look(192)).message, last.message);
		assert.equal((await look(192, { latest: true })), undefined);
		assert.equal(await look(192), undefined);
	}
	// Who renews tokens for it, as n8n does, is not asked either.
	const { fetch, requests } = instant(() => ({ status: 401 }));
	let asked = 0;
	const refresh = async () => {
		asked++;
		throw Object.assign(new Error('refused'), { httpCode: '401' });
	};
	const renewed = { baseUrl: 'https://renewed.example.com', clientId: 'a', clientSecret: 'wrong', accessToken: 'dead', refresh };
	for (let again = 0; again < 3; again++) await assert.rejects(poll(undefined, renewed, { events: ['systemEvent'], fetch }), /refused the log-in \(401\)/);
	assert.deepEqual([asked, requests.length], [1, 1]);
});

test('many legs give others turns while they are worked on', async (context) => {
	const COUNT = 8001;
	const begin = Date.parse('2026-11-02T08:00:00Z');
	const legs = Array.from({ length: COUNT }, (_, at) => ({ ...leg(`c${Math.floor(at / 2)}`, at), StartTime: new Date(begin + at * 1000).toISOString() }));
	let now = begin;
	let turns = 0;
	let largest = 0;
	const { fetch } = instant((url) => {
		const [, from, to] = /periodFrom=([^,]+),periodTo=([^,]+)/.exec(decodeURIComponent(String(url))) ?? [];
		const within = ({ StartTime }) => StartTime >= from && StartTime < to && Date.parse(StartTime) < now;
		const [top, skip] = ['top', 'skip'].map((name) => Number(new URL(url).searchParams.get(`$${name}`)));
		const value = from ? legs.filter(within).reverse() : [];
		return { status: 200, body: JSON.stringify({ value: value.slice(skip, skip + top) }) };
	});
	const look = (state) => at(context, now, () => poll(state, { baseUrl: 'pbx', accessToken: 't' }, { events: ['callEnded'], fetch }));
	const { state } = await look();
	now = begin + COUNT * 1000 + 2 * 60 * MINUTE;
	const parse = JSON.parse;
	context.mock.method(JSON, 'parse', (text, ...rest) => {
		if (text.startsWith('[{"answered"')) largest = Math.max(largest, text.length);
		return parse(text, ...rest);
	});
	const immediate = () => (turns++, (ticking = setImmediate(immediate)));
	let ticking = setImmediate(immediate);
	const { items } = await look(state).finally(() => clearImmediate(ticking));
	assert.equal(items.length, Math.ceil(COUNT / 2));
	assert.ok(turns > (4 * COUNT) / 100, `${turns} turns`);
	assert.ok(largest > 0 && largest < 200_000, `${largest} characters at once`);
});

test('a call log that is withheld fails, one that is empty does not', async (context) => {
	const look = follower({ events: ['callEnded'] });
	await active();
	await calls();
	const last = (...rows) => simulator.records('/LastCdrAndChatMessageTimestamp', rows);
	await last({ LastCdrStartedAt: ago(90 * 24 * 60 * MINUTE) });
	assert.deepEqual(await look(context, 0), []);
	await last({ LastCdrStartedAt: ago(MINUTE) });
	await calls(leg('kept-back', 1));
	await simulator.switches({ call_log_withheld: true });
	const withheld = (error) => error.message.includes(ago(MINUTE)) && /System Owner/.test(error.description);
	await assert.rejects(look(context, 1), withheld);
	await assert.rejects(poll(undefined, credentials, { events: ['callMissed'], latest: true }), withheld);
	// Versions that cannot be asked: there, no call is nothing.
	const { fetch } = instant((url) => (String(url).includes('LastCdr') ? { status: 404 } : { status: 200, body: '{"value":[]}' }));
	assert.deepEqual((await poll(undefined, { baseUrl: 'pbx', accessToken: 't' }, { events: ['callEnded'], fetch })).items, []);
});

test('a name with half a character stops nothing', async () => {
	const record = '{"Id":1,"Message":"Ada \\ud83d","Params":[]}';
	const { fetch } = instant(() => ({ status: 200, body: `{"value":[${record}]}` }));
	const { items } = await poll(undefined, { baseUrl: 'pbx', accessToken: 't' }, { events: ['systemEvent'], latest: true, fetch });
	assert.equal(items[0].json.Message, 'Ada \ufffd');
});

test('another PBX begins anew, and a purged log is followed', async (context) => {
	await simulator.records('/EventLogs', [entry(7, 4097)]);
	const events = { events: ['systemEvent'] };
	const { state } = await poll(undefined, credentials, events);
	await simulator.records('/EventLogs', [entry(7, 4097), entry(8, 4098)]);
	const other = { ...credentials, baseUrl: simulator.address.replace('127.0.0.1', 'localhost') };
	assert.deepEqual((await poll(state, other, events)).items, []);
	assert.equal((await poll(state, credentials, events)).items.length, 1);

	const look = follower(events);
	await look(context, 0);
	await simulator.records('/EventLogs', [{ ...entry(1, 4099), TimeGenerated: ago(0) }]);
	assert.deepEqual((await look(context, 1)).map(({ EventId }) => EventId), [4099]);
});

test('what is not understood is refused before anything is sent', async () => {
	const misspelt = { events: ['callEnded'], qeue: '800' };
	const blank = { events: ['callEnded'], queue: '' };
	for (const options of [{ events: [] }, { events: ['callStarted'] }, { events: ['callEnded'], longestCall: 0 }, misspelt, blank]) {
		const { fetch, requests } = instant();
		await assert.rejects(poll(undefined, credentials, { ...options, fetch }), Error);
		assert.equal(requests.length, 0);
	}
});

test('answers that are nested deep break nothing', async () => {
	const record = `{"Id":1,"Params":${'['.repeat(120)}${']'.repeat(120)}}`;
	const { fetch } = instant(() => ({ status: 200, body: `{"value":[${record}]}` }));
	const { items } = await poll(undefined, { baseUrl: 'pbx', accessToken: 't' }, { events: ['systemEvent'], latest: true, fetch });
	assert.equal(items.length, 1);
});

test('documented events are offered with their numbers', () => {
	const choices = systemEvents();
	assert.deepEqual(choices.find(({ value }) => value === 4100), { name: 'Trunk: Registration changed', value: 4100 });
	assert.equal(new Set(choices.map(({ value }) => value)).size, choices.length);
});

test('a call comes as its preview says', async () => {
	await active();
	await calls(leg('whole', 9, { Answered: true, TalkingDuration: 'PT9S', SrcRecId: 7, Reason: 'ended', Summary: 's', Transcription: 't' }), leg('whole', 10, queue));
	const { items } = await poll(undefined, credentials, { events: ['callEnded'], latest: true });
	const { json } = items[0];
	const types = { string: 'string', boolean: 'boolean', number: 'integer', object: 'array' };
	assert.deepEqual(Object.keys(json).toSorted(), Object.keys(preview.properties).toSorted());
	for (const [name, value] of Object.entries(json)) {
		if (value !== null) assert.equal(preview.properties[name].type, types[typeof value], name);
	}
	assert.ok(Object.values(json).filter((value) => value === null).length < 3, JSON.stringify(json));
});

/** The trigger node in a workflow that is active, or where a person asks for an example. `saved` activates it anew from what was stored. */
function workflow(parameters, log = [entry(9, 4100, '10000', 'registered')], { id = randomUUID(), memory = {}, told = [] } = {}) {
	const node = { id, name: '3CX Trigger', parameters: { authentication: 'oAuth2', ...parameters } };
	// n8n polls with one context as long as an activation lasts.
	const contexts = {};
	const run = async (mode = 'trigger') => {
		const context = (contexts[mode] ??= {
			getWorkflowStaticData: () => memory,
			getMode: () => mode,
			getNode: () => node,
			getWorkflow: () => ({ id: 'w' }),
			logger: { warn: (message) => told.push(message) },
			__emitError: (error) => told.push(error),
			getNodeParameter: (name, fallback) => (name in parameters ? parameters[name] : fallback),
			getCredentials: async () => ({ baseUrl: 'https://pbx.example.com', oauthTokenData: { access_token: 't' } }),
			helpers: {
				httpRequest: async ({ url }) => {
					if (log.length === 0) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
					if (log.forbidden && url.includes(log.forbidden)) return { statusCode: 403, headers: {}, body: Readable.from([]) };
					const after = Number(/Id%20gt%20(\d+)/.exec(url)?.[1] ?? 0);
					const body = { value: url.includes('/EventLogs') ? log.filter(({ Id }) => Id > after) : [] };
					return { statusCode: 200, headers: {}, body: Readable.from([Buffer.from(JSON.stringify(body))]) };
				},
			},
		});
		return { output: await new ThreecxTrigger().poll.call(context), memory };
	};
	run.saved = (stored) => workflow(parameters, log, { id, memory: structuredClone(stored), told });
	run.told = told;
	return run;
}

test('the node shows an example without remembering anything, and gives nothing when nothing is new', async () => {
	const run = workflow({ events: ['systemEvent'] });
	const shown = await run('manual');
	assert.deepEqual([shown.output[0][0].json.Message, shown.memory], ['Trunk 10000 is registered', {}]);
	const { output, memory } = await run();
	assert.equal(output, null);
	assert.equal(memory.state.events.after, 9);
	assert.equal((await run()).output, null);
});

test('a filter whose expression comes to nothing fails the poll, and does not start the workflow for everybody', async () => {
	for (const nothing of [undefined, null, '', ' ']) {
		for (const name of ['queue', 'extension', 'number', 'externalOnly']) {
			await assert.rejects(workflow({ events: ['callEnded'], options: { [name]: nothing } })(), /is empty: give it a value/);
		}
		await assert.rejects(workflow({ events: ['systemEvent'], systemEvents: nothing })(), /System Events is empty/);
	}
});

test('a poll that begins before the one before is over tells nothing twice', async () => {
	const log = [entry(9, 4100, '10000', 'registered')];
	const run = workflow({ events: ['systemEvent'] }, log);
	const other = workflow({ events: ['systemEvent'] }, log);
	for (const first of [run, other]) assert.equal((await first()).output, null);
	log.unshift(entry(10, 4100, '10000', 'gone'));
	const found = await Promise.all([run(), run(), run(), other(), run('manual')]);
	assert.deepEqual(found.map(({ output }) => output?.[0].length ?? 0), [1, 0, 0, 1, 1]);
	const kept = log.splice(0);
	await assert.rejects(run());
	log.push(entry(11, 4100, '10000', 'back'), ...kept);
	assert.equal((await run()).output[0].length, 1, 'one that failed is over');
});

test('a poll of an activation that is over tells nothing, and the new one tells all', async () => {
	const log = [entry(9, 4100, '10000', 'registered')];
	const old = workflow({ events: ['systemEvent'] }, log);
	const stored = structuredClone((await old()).memory);
	log.unshift(entry(10, 4100, '10000', 'gone'));
	const running = old();
	const saved = old.saved(stored);
	const activation = saved();
	assert.deepEqual((await activation).output[0].map(({ json }) => json.Id), [10]);
	const { output, memory } = await running;
	assert.equal(output, null);
	assert.deepEqual(memory, stored, 'it stores nothing');
	assert.equal((await saved()).output, null);
	// One that fails is nobody's concern any more.
	const failing = old();
	const kept = log.splice(0);
	const another = old.saved(stored);
	const failed = assert.rejects(another());
	assert.equal((await failing).output, null);
	await failed;
	log.push(...kept);
	assert.equal((await another()).output[0].length, 1);
});

test('polls that each come as an activation of their own do not displace one another for good', async () => {
	const log = [entry(9, 4100, '10000', 'registered')];
	const first = workflow({ events: ['systemEvent'] }, log);
	const stored = structuredClone((await first()).memory);
	log.unshift(entry(10, 4100, '10000', 'gone'));
	const found = await Promise.all([first(), first.saved(stored)(), first.saved(stored)(), first.saved(stored)()]);
	assert.deepEqual(found.map(({ output }) => output?.[0].length ?? 0), [0, 1, 0, 0]);
	assert.equal((await first.saved(stored)()).output[0].length, 1, 'the next one goes on from what it is given');
});

test('what one list keeps back is shown as an error, and what others have starts the workflow', async () => {
	const log = [entry(9, 4100, '10000', 'registered')];
	const run = workflow({ events: ['systemEvent', 'callEnded'] }, log);
	assert.equal((await run()).output, null);
	log.unshift(entry(10, 4100, '10000', 'gone'));
	log.forbidden = 'GetCallLogData';
	const { output } = await run();
	assert.deepEqual(output[0].map(({ json }) => json.Id), [10]);
	assert.deepEqual(run.told.map(({ message }) => message.split(':')[0]), ['Call Ended']);
	// It is shown as long as it lasts, and what was given does not come again.
	assert.equal((await run()).output, null);
	assert.equal(run.told.length, 2);
	log.forbidden = undefined;
	assert.equal((await run()).output, null);
	assert.equal(run.told.length, 2);
	// Whoever activates it sees at once that something cannot be read.
	const other = workflow({ events: ['systemEvent', 'callEnded'] }, Object.assign([...log], { forbidden: 'GetCallLogData' }));
	await assert.rejects(other(), /403|allowed|forbidden/i);
	assert.deepEqual(other.told, []);
});

test('what is not reported is said in the log of n8n', async () => {
	const run = workflow({ events: ['systemEvent'] });
	const { memory } = await run();
	const saved = run.saved({ state: { ...memory.state, events: 7, later: true } });
	assert.equal((await saved()).output, null);
	assert.equal(run.told.length, 1);
	assert.match(run.told[0], /^3CX Trigger: What was remembered of “events” cannot be used/);
	assert.equal((await saved()).output, null);
	assert.equal(run.told.length, 1);
	for (const state of ['garbage', [], 7, { state: 1 }]) assert.equal((await run.saved({ state })()).output, null);
	assert.equal(run.told.length, 5);
	assert.match(run.told[4], /What was remembered of “state” cannot be used/);
});

test('a round that fails after others were good ends the poll, and the next one goes on from there', async (context) => {
	const day = 24 * 60 * MINUTE;
	const START_OF_WEEK = Date.parse('2026-11-02T08:00:00Z');
	const legs = Array.from({ length: 7 * 24 }, (_, hour) => ({ ...leg(`c${hour}`, 0), StartTime: new Date(START_OF_WEEK + hour * 60 * MINUTE).toISOString() }));
	let now = START_OF_WEEK;
	let broken = false;
	let readings = 0;
	const { fetch } = instant((url) => {
		const period = /periodFrom=([^,]+),periodTo=([^,]+)/.exec(decodeURIComponent(String(url)));
		if (!period) return { status: 200, body: '{"value":[]}' };
		const [from, to] = period.slice(1).map((time) => Date.parse(time));
		readings += 1;
		if (broken && readings > 40) return { status: 403, body: '{}' };
		const value = legs.filter(({ StartTime }) => Date.parse(StartTime) >= from && Date.parse(StartTime) < to && Date.parse(StartTime) <= now);
		return { status: 200, body: JSON.stringify({ value }) };
	});
	const look = (state) => at(context, now, () => poll(state, { baseUrl: 'pbx', accessToken: 't' }, { events: ['callMissed'], fetch }));
	let { state } = await look();
	now += 7 * day;
	broken = true;
	const first = await look(state);
	assert.ok(first.items.length > 20 && first.items.length < 120, `${first.items.length}`);
	broken = false;
	const second = await look(first.state);
	const ids = [...first.items, ...second.items].map(({ json }) => json.id);
	assert.equal(new Set(ids).size, ids.length);
	assert.ok(ids.length >= 165, `${ids.length}`);
	assert.deepEqual([...first.hints, ...second.hints], []);
});

test('the node says so if there is no example', async () => {
	await assert.rejects(workflow({ events: ['callEnded'] })('manual'), /Nothing of the kind was found on the PBX/);
});
