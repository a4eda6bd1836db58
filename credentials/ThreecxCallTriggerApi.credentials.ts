import type { ICredentialType, INodeProperties } from 'n8n-workflow';

export class ThreecxCallTriggerApi implements ICredentialType {
	name = 'threecxCallTriggerApi';

	displayName = '3CX Call Trigger API';

	documentationUrl = 'https://github.com/n8n-nodes-3cx/n8n-nodes-3cx/blob/main/docs/call-trigger.md';

	icon = { light: 'file:../nodes/Threecx/threecx.svg', dark: 'file:../nodes/Threecx/threecx.dark.svg' } as const;

	properties: INodeProperties[] = [
		{
			displayName: 'Secret',
			name: 'secret',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			hint: 'Make one up: 16 characters or more, at random. Enter the same in 3CX, in the parameters of the template.',
			description: 'What 3CX shows with each post to prove that it is the PBX. Letters, digits, and - . _ ~ + / = can be used.',
		},
	];
}
