// The 3CX Call Trigger in a real n8n: the simulator's CRM engine works the template that the node makes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { N8n } from '../../scripts/lib/n8n.mjs';
import { root, until } from '../../scripts/lib/run.mjs';
import { Simulator } from '../../scripts/lib/simulator.mjs';
import { call, calling, SECRET } from './calling.mjs';

describe('3CX Call Trigger', () => {
	let n8n;
	let simulator;
	/** What calling.mjs gives. */
	let credentials, workflow, publish, activate, install, told;
	/** A workflow that n8n tries to activate, several times. */
	let unsafe;

	before(async () => {
		simulator = await Simulator.start();
		n8n = await N8n.create();
		await n8n.serve();
		({ credentials, workflow, publish, activate, install, told } = await calling(n8n, simulator));
		const weak = { threecxCallTriggerApi: await n8n.credential('threecxCallTriggerApi', { secret: 'short' }, 'weak') };
		const { nodes: [trigger, contact], ...rest } = workflow();
		unsafe = await publish({ ...rest, nodes: [{ ...trigger, credentials: weak }, contact] });
	});

	after(async () => {
		await n8n?.remove();
		await simulator?.stop();
	});

	beforeEach(() => simulator.reset());

	test('its template is downloaded, is of 3CX’s format, and holds no secret', async () => {
		const active = await activate(workflow());
		const { template, xml, headers } = await install(active, '');
		assert.match(headers.get('content-disposition'), /^attachment; filename="n8n Calls chats\.xml"$/);
		assert.match(headers.get('content-type'), /^application\/xml/);
		assert.equal(template.name, 'n8n Calls chats');
		assert.deepEqual(template.scenarios, ['ReportCall', 'ReportChat', 'CreateContactRecordFromClient', '']);
		assert.ok(xml.includes(`Default="${active.url}"`) && !xml.includes(SECRET));

		const nothing = await simulator.occasion('ReportCall', call);
		assert.deepEqual(nothing.posts.map(({ status }) => status), [401]);
		await simulator.enterParameters({ Secret: 'not-the-secret-of-the-webhook' });
		for (const scenario of ['ReportCall', 'ReportChat', '', 'CreateContactRecordFromClient']) {
			const { posts, contact } = await simulator.occasion(scenario, call);
			assert.deepEqual([posts.map(({ status }) => status), contact], [[403], null]);
			assert.match(posts[0].answer, /3CX Admin > Integrations > CRM/);
			assert.ok(!posts[0].answer.includes(SECRET));
		}
		assert.deepEqual(await told(active), []);
		const { nodes } = await n8n.rest('GET', `/workflows/${active.id}`);
		assert.ok(!JSON.stringify(nodes).includes(SECRET));
	});

	test('calls and chats start it with what they hold, whatever people are called', async () => {
		const active = await activate(workflow());
		await install(active);
		await simulator.switches({ crm_unfilled: 'literal' });
		const names = ['Ada', '[Number]', '"quotes" \\ <b>&amp;', 'line\nbreak', '😀 {{ $json }} ={{ 1 }}', '^^[Secret]^^'];
		for (const [minute, Name] of names.entries()) {
			const time = `2026-11-03T09:0${minute}:00Z`;
			const { posts } = await simulator.occasion('ReportCall', { ...call, Name, CallStartTimeUTC: time });
			assert.deepEqual(posts.map(({ status, answer }) => [status, answer]), [[200, '']]);
		}
		const chat = { Number: '+49301234567', ChatMessages: 'Ada: "Hi" 😀\nGrace: <[Name]>', ChatStartTimeUTC: '2026-11-03T10:00:00Z' };
		assert.equal((await simulator.occasion('ReportChat', chat)).posts[0].status, 200);
		await until(async () => (await told(active)).length === names.length + 1, 'calls and a chat');
		const items = await told(active);
		const calls = items.filter(({ event }) => event === 'callReported');
		assert.deepEqual(calls.map(({ name }) => name).toSorted(), names.toSorted());
		const { callId, ...first } = calls.find(({ name }) => name === 'Ada');
		assert.match(callId, /^[\w-]{16}$/);
		assert.deepEqual(first, {
			event: 'callReported', callType: 'inbound', answered: true, missed: false, direction: 'inbound',
			number: '+49301234567', name: 'Ada', contactId: null, contactType: null,
			agentNumber: '101', agentName: 'Grace', agentEmail: null, queueNumber: null,
			durationSeconds: 65, start: '2026-11-03T09:00:00.000Z', end: '2026-11-03T09:01:10.000Z',
			transcription: null, summary: null, sentiment: null, recordingUrl: null,
		});
		const [{ messages, start, name }] = items.filter(({ event }) => event === 'chatReported');
		assert.deepEqual([messages, start, name], [chat.ChatMessages, '2026-11-03T10:00:00.000Z', null]);
		assert.ok(!JSON.stringify(items).includes(SECRET));
	});

	test('a lookup is answered with the last node’s contact while the phone rings, and a contact is created', async () => {
		const active = await activate(workflow());
		await install(active);
		const { posts, contact } = await simulator.occasion('', { Number: '+49301234567', CallDirection: 'Inbound' });
		assert.deepEqual(contact, {
			FirstName: 'Ada "A" <[Number]>', CompanyName: 'Ümläut 😀', ContactUrl: 'https://crm.example.com/7',
			PhoneBusiness: '+49301234567', EntityId: '7', EntityType: 'Contacts',
		});
		assert.ok(posts[0].ms < 2000, `${posts[0].ms} ms`);
		const typed = { Number: '+4930', FirstName: 'Grace', LastName: 'Hopper', Company: '', Email: 'grace@example.com' };
		const created = await simulator.occasion('CreateContactRecordFromClient', typed);
		assert.deepEqual([created.contact.FirstName, created.contact.ContactUrl], ['Grace', 'https://crm.example.com/7']);
		const [lookup, creation] = await told(active);
		assert.deepEqual(lookup, { event: 'numberLookup', number: '+49301234567', direction: 'inbound' });
		assert.deepEqual([creation.event, creation.lastName], ['contactCreation', 'Hopper']);
	});

	test('Once Per Call: posts of one call that come at the same time start it once, and once more if it was answered', async () => {
		const active = await activate(workflow());
		await install(active);
		const report = async (CallType, agents) => {
			const { posts } = await simulator.occasion('ReportCall', { ...call, CallType }, agents);
			assert.deepEqual(posts.map(({ status }) => status), agents.map(() => 200));
		};
		await report('Missed', ['101', '102', '103', '104']);
		await report('Inbound', ['105']);
		await report('Missed', ['106']);
		await report('Inbound', ['107', '108']);
		await until(async () => (await told(active)).length >= 2, 'two items');
		const items = await told(active);
		assert.deepEqual(items.map(({ callType }) => callType), ['missed', 'inbound']);
		assert.equal(new Set(items.map(({ callId }) => callId)).size, 1);
		// What another process, or this one after a restart, goes by.
		const { staticData } = await n8n.rest('GET', `/workflows/${active.id}`);
		const { calls } = staticData['node:3CX Call Trigger'].calls;
		assert.deepEqual(Object.entries(calls).map(([id, [, answered]]) => [id, answered]), [[items[0].callId, true]]);
	});

	test('bodies that are none are refused in plain words, and start nothing', async () => {
		const active = await activate(workflow({ events: ['callReported'] }));
		const post = async (body, { type = 'text/plain', secret = SECRET, path = '' } = {}) => {
			const headers = { 'Content-Type': type, 'X-Webhook-Secret': secret };
			const answer = await fetch(active.url + path, { method: 'POST', headers, body });
			return [answer.status, (await answer.json()).message];
		};
		assert.deepEqual(await post('{'), [400, 'The body is not JSON']);
		assert.deepEqual(await post('['.repeat(100_000)), [400, 'The body is nested too deep']);
		assert.match((await post('{"event":"other"}'))[1], /not what the template sends/);
		assert.deepEqual(await post('x'.repeat(2_000_001)), [413, 'The body has more than 2 MB']);
		assert.deepEqual(await post('{"event":"chatReported"}'), [200, 'Nobody waits for this event']);
		// n8n itself reads JSON before the node does.
		assert.equal((await post('{', { type: 'application/json' }))[0], 422);
		assert.equal((await post('{"event":"callReported"}', { secret: `${SECRET}x` }))[0], 403);
		assert.deepEqual(await told(active), []);
	});

	test('the test URL gives the same template, and then takes a post', async () => {
		const saved = await n8n.saveWorkflow(workflow());
		const { webhookId } = saved.nodes[0];
		await n8n.startWorkflow(saved);
		const url = `${n8n.address}/webhook-test/${webhookId}/3cx`;
		const xml = await (await fetch(url)).text();
		assert.ok(xml.includes(`Default="${n8n.address}/webhook/${webhookId}/3cx"`), xml);
		await simulator.uploadTemplate(xml);
		await simulator.enterParameters({ Secret: SECRET, WebhookUrl: url });
		const { posts } = await simulator.occasion('ReportCall', call);
		assert.equal(posts[0].status, 200);
		await until(async () => (await told(saved)).length === 1, 'the call');
	});

	test('the example finds who calls', async () => {
		const example = JSON.parse(readFileSync(join(root, 'examples/caller-lookup.workflow.json'), 'utf8'));
		const nodes = example.nodes.map((node) => (node.type.endsWith('CallTrigger') ? { ...node, credentials } : node));
		const contacts = nodes.find(({ name }) => name === 'Contacts').parameters;
		contacts.jsonOutput = contacts.jsonOutput.replace('[', '[ { "url": "https://crm.example.com/8", "phone": "" }, { "url": "https://crm.example.com/9" },');
		await install(await activate({ ...example, nodes }));
		const known = await simulator.occasion('', { Number: '+49301234567' });
		assert.deepEqual([known.contact?.FirstName, known.contact?.EntityId], ['Ada', '1']);
		for (const Number of ['+4930999', 'anonymous', '']) {
			const nobody = await simulator.occasion('', { Number });
			assert.deepEqual([nobody.posts[0].status, nobody.contact], [200, null], Number);
		}
	});

	test('a secret that can be guessed is not taken, by Test and by activation', async () => {
		const fault = 'The secret is too short: use 16 characters or more, at random';
		const [{ credentials: weak }] = unsafe.nodes;
		const tests = [weak, credentials].map((of) => n8n.testCredential(of.threecxCallTriggerApi, 'threecxCallTriggerApi'));
		const [bad, good] = await Promise.all(tests);
		assert.deepEqual([bad, good.status], [{ status: 'Error', message: fault }, 'OK']);
		const state = await until(async () => {
			const state = await n8n.rest('GET', `/workflows/${unsafe.id}/publication-status`);
			return state.status !== 'in_progress' && state;
		}, 'n8n to give it up');
		assert.deepEqual([state.status, state.triggers[0].errorMessage], ['failed', fault]);
		assert.equal((await fetch(unsafe.url)).status, 404);
	});
});
