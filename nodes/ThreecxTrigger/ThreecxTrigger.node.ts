import type {
	IDataObject,
	ILoadOptionsFunctions,
	INodeExecutionData,
	INodePropertyOptions,
	INodeType,
	INodeTypeDescription,
	IPollFunctions,
} from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import type { PollError, Polled, PollOptions, PollState } from '../../portable';
import { poll, systemEvents } from '../../portable';
import { connect, transport } from '../Threecx/connection';
import { MAIN, authentication, credentialTypes } from '../Threecx/description';

/** Nodes that are looking: n8n starts a poll although the one before is not over. */
const looking = new Map<string, Looking>();

interface Looking {
	/** For which activation. */
	activation: IPollFunctions;
	/** Whether it has taken the place of another one. */
	isSecond: boolean;
}

const OF_CALLS = { show: { '/events': ['callEnded', 'callMissed'] } };
const OF_CALLS_AND_CHATS = { show: { '/events': ['callEnded', 'callMissed', 'chatMessageReceived'] } };

export class ThreecxTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: '3CX Trigger',
		name: 'threecxTrigger',
		icon: { light: 'file:../Threecx/threecx.svg', dark: 'file:../Threecx/threecx.dark.svg' },
		group: ['trigger'],
		version: [1],
		subtitle: '={{ $parameter["events"].join(", ") }}',
		description: 'Starts the workflow when something has happened on a 3CX phone system',
		defaults: { name: '3CX Trigger' },
		polling: true,
		inputs: [],
		outputs: [MAIN],
		credentials: credentialTypes,
		properties: [
			authentication,
			{
				displayName: 'Events',
				name: 'events',
				type: 'multiOptions',
				required: true,
				options: [
					{
						name: 'Call Ended',
						value: 'callEnded',
						description: 'A call is over, with all of its legs',
					},
					{
						name: 'Call Missed',
						value: 'callMissed',
						description: 'An inbound call is over, and nobody answered it',
					},
					{
						name: 'Chat Message Received',
						value: 'chatMessageReceived',
						description: 'A message of a chat, SMS included, is in the chat log: those of your own agents, too',
					},
					{
						name: 'License or Subscription About to Expire',
						value: 'expiring',
						description: "The PBX's license or maintenance, or the subscription of a department",
					},
					{
						name: 'Recording Available',
						value: 'recordingAvailable',
						description: 'A recording can be downloaded by its ID',
					},
					{
						name: 'System Event',
						value: 'systemEvent',
						description: 'Something is in the event log: a trunk, a backup, a blocked address',
					},
					{
						name: 'Transcript Ready',
						value: 'transcriptReady',
						description: 'A recording has been transcribed. From 3CX 20.0.8.',
					},
				],
				default: ['callMissed'],
			},
			{
				displayName: 'System Event Names or IDs',
				name: 'systemEvents',
				type: 'multiOptions',
				description:
					'Which events to wait for; all if empty. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
				typeOptions: { loadOptionsMethod: 'getSystemEvents' },
				displayOptions: { show: { events: ['systemEvent'] } },
				default: [],
			},
			{
				displayName: 'Options',
				name: 'options',
				type: 'collection',
				placeholder: 'Add option',
				default: {},
				options: [
					{
						displayName: 'Answered By',
						name: 'answeredBy',
						type: 'options',
						description: 'When an inbound call counts as answered',
						options: [
							{
								name: 'Any Leg',
								value: 'anyLeg',
								description: 'A menu or a queue that picks up counts, too',
							},
							{
								name: 'Person',
								value: 'person',
								description: 'Somebody spoke: at an extension, or outside where the call was sent on',
							},
						],
						displayOptions: OF_CALLS,
						default: 'person',
					},
					{
						displayName: 'Days Before',
						name: 'daysBefore',
						type: 'string',
						description:
							'How many days before something expires the workflow starts, once for each number: 30, 7, 1 unless set',
						displayOptions: { show: { '/events': ['expiring'] } },
						default: '30, 7, 1',
					},
					{
						displayName: 'Direction',
						name: 'direction',
						type: 'options',
						options: [
							{ name: 'Any', value: 'any' },
							{ name: 'Inbound', value: 'inbound' },
							{ name: 'Internal', value: 'internal' },
							{ name: 'Outbound', value: 'outbound' },
						],
						displayOptions: OF_CALLS,
						default: 'any',
					},
					{
						displayName: 'Extension',
						name: 'extension',
						type: 'string',
						description: 'Number of an extension that took part in the call',
						displayOptions: OF_CALLS,
						default: '',
					},
					{
						displayName: 'External Only',
						name: 'externalOnly',
						type: 'boolean',
						description: 'Whether to leave out calls and chats between extensions',
						displayOptions: OF_CALLS_AND_CHATS,
						default: false,
					},
					{
						displayName: 'Include Legs',
						name: 'includeLegs',
						type: 'boolean',
						description: "Whether to add the call log's rows of the call",
						displayOptions: OF_CALLS,
						default: false,
					},
					{
						displayName: 'Longest Call (Hours)',
						name: 'longestCall',
						type: 'number',
						description: 'How far back each poll reads the call log. A longer call is awaited only as long as 3CX lists it under Active Calls.',
						typeOptions: { minValue: 1, maxValue: 48 },
						displayOptions: OF_CALLS,
						default: 4,
					},
					{
						displayName: 'Number',
						name: 'number',
						type: 'string',
						description: 'Number of somebody in the call, or its last digits',
						displayOptions: OF_CALLS,
						default: '',
					},
					{
						displayName: 'Queue',
						name: 'queue',
						type: 'string',
						description: 'Number of a queue that the call or chat went through',
						displayOptions: OF_CALLS_AND_CHATS,
						default: '',
					},
				],
			},
		],
	};

	methods = {
		loadOptions: {
			async getSystemEvents(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
				return systemEvents();
			},
		},
	};

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		if (this.getMode() === 'manual') return await look.call(this, () => true);
		const node = `${this.getWorkflow().id}/${this.getNode().id}`;
		const before = looking.get(node);
		// What a second one would find, the first one tells. Where n8n makes an activation of each poll, as its durable scheduler
		// does, none would ever end if each took the place of the one before.
		if (before?.activation === this || before?.isSecond) return null;
		// Whoever saves the workflow activates it anew, from what was stored: what one of before has not told yet, this one finds.
		const mine = { activation: this, isSecond: before !== undefined };
		looking.set(node, mine);
		const isCurrent = () => looking.get(node) === mine;
		return await look
			.call(this, isCurrent)
			// What went wrong for one of before, the other one tells.
			.catch((error: Error) => (isCurrent() ? Promise.reject(error) : null))
			.finally(() => isCurrent() && looking.delete(node));
	}
}

async function look(this: IPollFunctions, isCurrent: () => boolean): Promise<INodeExecutionData[][] | null> {
	const memory = this.getWorkflowStaticData('node') as { state?: PollState };
	const { credentials, ignoreSslIssues } = await connect.call(this);
	const isTest = this.getMode() === 'manual';
	const chosen = {
		events: this.getNodeParameter('events', []),
		systemEvents: this.getNodeParameter('systemEvents', []),
		...(this.getNodeParameter('options', {}) as IDataObject),
	};
	const options = {
		// Without this, JSON would leave out an expression that comes to nothing, as if there were no such filter.
		...Object.fromEntries(Object.entries(chosen).map(([name, value]) => [name, value ?? null])),
		latest: isTest,
		fetch: transport.call(this, ignoreSslIssues),
	} as PollOptions;
	const polled: Polled & { failed?: Error } = await poll(memory.state, credentials, options).catch((error: PollError) => {
		const { message, description, found } = error;
		const failed = new NodeOperationError(this.getNode(), message, { description });
		if (!found) throw failed;
		return { ...found, failed };
	});
	const { items, state, hints, failed } = polled;
	if (isTest) {
		if (items.length > 0) return [items as INodeExecutionData[]];
		throw new NodeOperationError(this.getNode(), 'Nothing of the kind was found on the PBX', {
			description: 'Calls of the last 24 hours are looked at, and the newest 100 records of other kinds.',
		});
	}
	if (!isCurrent()) return null;
	for (const hint of hints) this.logger.warn(`${this.getNode().name}: ${hint}`, { workflowId: this.getWorkflow().id });
	memory.state = state;
	// n8n drops what a poll that throws has found, and shows this alike.
	if (failed) this.__emitError(failed);
	return items.length > 0 ? [items as INodeExecutionData[]] : null;
}
