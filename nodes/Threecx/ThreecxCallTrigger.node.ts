import type {
	ICredentialsDecrypted,
	ICredentialTestFunctions,
	IDataObject,
	IHookFunctions,
	INodeCredentialTestResult,
	INodeType,
	INodeTypeDescription,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import type { CrmEvent, CrmMemory, CrmPost } from '../../portable';
import { CRM_SECRET_HEADER, crmSecretFault, crmTemplate, readCrmPost } from '../../portable';
import { MAIN } from './description';

const CREDENTIAL = 'threecxCallTriggerApi';

/** Calls that each node has told of. n8n stores them only after the answer, and posts of a call come at the same time. */
const told = new Map<string, CrmMemory>();

export class ThreecxCallTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: '3CX Call Trigger',
		name: 'threecxCallTrigger',
		icon: { light: 'file:threecx.svg', dark: 'file:threecx.dark.svg' },
		group: ['trigger'],
		version: [1],
		subtitle: '={{ $parameter["events"].join(", ") }}',
		description: 'Starts the workflow when 3CX reports a call or a chat, or asks who is calling',
		defaults: { name: '3CX Call Trigger' },
		eventTriggerDescription: 'Waiting for 3CX to call the Test URL',
		activationMessage: 'Open the production URL in a browser to download the template for 3CX.',
		inputs: [],
		outputs: [MAIN],
		credentials: [{ name: 'threecxCallTriggerApi', required: true, testedBy: 'usableSecret' }],
		webhooks: [
			{ name: 'default', httpMethod: 'POST', responseMode: 'onReceived', responseData: 'noData', path: '3cx', ndvHideUrl: true },
			// 3CX waits for the answer, which is the last node's.
			{ name: 'default', httpMethod: 'POST', responseMode: 'lastNode', path: '3cx/answer', ndvHideUrl: true },
			{ name: 'setup', httpMethod: 'GET', responseMode: 'onReceived', path: '3cx' },
		],
		properties: [
			{
				displayName:
					'Activate the workflow, and open its production URL in a browser: it downloads a template. Upload it in 3CX Admin > Integrations > CRM, and enter the secret of the credential there. 3CX has one CRM integration at a time. <a href="https://github.com/n8n-nodes-3cx/n8n-nodes-3cx/blob/main/docs/call-trigger.md" target="_blank">More details</a>',
				name: 'setUpNotice',
				type: 'notice',
				default: '',
			},
			{
				displayName: 'Events',
				name: 'events',
				type: 'multiOptions',
				noDataExpression: true,
				required: true,
				hint: 'When you change it, download the template again and upload it in 3CX',
				options: [
					{
						name: 'Call Reported',
						value: 'callReported',
						description: 'A call with somebody outside is over, whether it was answered or not',
					},
					{
						name: 'Chat Reported',
						value: 'chatReported',
						description: 'A chat with somebody outside is over',
					},
					{
						name: 'Contact Creation',
						value: 'contactCreation',
						description: 'Somebody adds a contact in a 3CX client; the workflow answers with its address',
					},
					{
						name: 'Number Lookup',
						value: 'numberLookup',
						description: '3CX asks whose number it is; the workflow answers with a contact',
					},
				],
				default: ['callReported'],
			},
			{
				displayName:
					'3CX waits for the answer: the first item of the last node, a contact. It needs a <code>url</code>, and a <code>firstName</code>, <code>lastName</code> or <code>company</code>; without a <code>url</code> it is nobody. <a href="https://github.com/n8n-nodes-3cx/n8n-nodes-3cx/blob/main/docs/call-trigger.md#answers" target="_blank">All fields</a>',
				name: 'answerNotice',
				type: 'notice',
				displayOptions: { show: { events: ['contactCreation', 'numberLookup'] } },
				default: '',
			},
			{
				displayName: 'Once Per Call',
				name: 'oncePerCall',
				type: 'boolean',
				description:
					'Whether to start only once for a call that 3CX reports several times, as for each agent that it rang, and once more if it was answered after all',
				displayOptions: { show: { events: ['callReported'] } },
				default: true,
			},
		],
	};

	methods = {
		credentialTest: {
			async usableSecret(
				this: ICredentialTestFunctions,
				credential: ICredentialsDecrypted,
			): Promise<INodeCredentialTestResult> {
				const fault = crmSecretFault(String(credential.data?.secret ?? ''));
				return fault ? { status: 'Error', message: fault } : { status: 'OK', message: 'The secret can be used' };
			},
		},
	};

	webhookMethods = {
		default: {
			// 3CX has no call for it: an administrator uploads the template. So only what is ours is looked at.
			async checkExists(this: IHookFunctions): Promise<boolean> {
				const { secret } = await this.getCredentials(CREDENTIAL);
				const fault = crmSecretFault(secret as string);
				if (fault) throw new NodeOperationError(this.getNode(), fault);
				return true;
			},
			async create(this: IHookFunctions): Promise<boolean> {
				return true;
			},
			async delete(this: IHookFunctions): Promise<boolean> {
				return true;
			},
		},
	};

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const events = this.getNodeParameter('events', []) as CrmEvent[];
		if (this.getWebhookName() === 'setup') return download.call(this, events);
		const { secret } = await this.getCredentials<{ secret: string }>(CREDENTIAL);
		// As it came: n8n's own reading of it depends on the content type.
		const { rawBody } = this.getRequestObject() as unknown as { rawBody?: Buffer };
		const { status, message, item } = await readCrmPost({
			secret,
			given: this.getHeaderData()[CRM_SECRET_HEADER] as string | undefined,
			body: rawBody ?? '',
			events,
			oncePerCall: this.getNodeParameter('oncePerCall', true) ? memory.call(this) : undefined,
		});
		if (item) return { workflowData: [[{ json: item as IDataObject }]] };
		if (status === 200) return { webhookResponse: { message } };
		this.getResponseObject().status(status).json({ message });
		return { noWebhookResponse: true };
	}
}

/** The template for this node's production URL: n8n listens at the test URL for one post only. */
function download(this: IWebhookFunctions, events: CrmEvent[]): IWebhookResponseData {
	const url = this.getNodeWebhookUrl('default') as string;
	const { fileName, xml } = crmTemplate({ url, name: `n8n ${this.getWorkflow().name ?? ''}`, events });
	this.getResponseObject()
		.set({
			'Content-Type': 'application/xml; charset=utf-8',
			'Content-Disposition': `attachment; filename="${fileName}"`,
			'Cache-Control': 'no-store',
			'X-Content-Type-Options': 'nosniff',
		})
		.send(xml);
	return { noWebhookResponse: true };
}

/** What the node remembers with the workflow. A test remembers nothing. */
function memory(this: IWebhookFunctions): CrmPost['oncePerCall'] {
	if (this.getMode() === 'manual') return undefined;
	const node = `${this.getWorkflow().id}/${this.getNode().id}`;
	const stored = this.getWorkflowStaticData('node') as { calls?: CrmMemory };
	return {
		recall: () => [stored.calls, told.get(node)].filter((known) => known !== undefined),
		keep(memory) {
			stored.calls = memory;
			told.set(node, memory);
		},
	};
}
