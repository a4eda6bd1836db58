import type {
	IAuthenticateGeneric,
	ICredentialTestRequest,
	ICredentialType,
	INodeProperties,
} from 'n8n-workflow';

import { address, addressProperty } from './address';
import { probe } from './probe';

export class ThreecxApi implements ICredentialType {
	name = 'threecxApi';

	displayName = '3CX Access Token API';

	documentationUrl = 'https://github.com/n8n-nodes-3cx/n8n-nodes-3cx/blob/main/docs/set-up.md';

	icon = { light: 'file:../nodes/Threecx/threecx.svg', dark: 'file:../nodes/Threecx/threecx.dark.svg' } as const;

	properties: INodeProperties[] = [
		addressProperty,
		{
			displayName: 'Access Token',
			name: 'accessToken',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			doNotInherit: true,
			description: 'A ready bearer token. 3CX tokens live for an hour; it is not renewed.',
		},
		{
			displayName: 'Ignore SSL Issues (Insecure)',
			name: 'ignoreSSLIssues',
			type: 'boolean',
			default: false,
			doNotInherit: true,
			description:
				'Whether to connect even if the certificate is not valid, as with a self-signed one',
		},
	];

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { headers: { Authorization: '=Bearer {{ $credentials.accessToken }}' } },
	};

	test: ICredentialTestRequest = probe(address('$credentials'));
}
