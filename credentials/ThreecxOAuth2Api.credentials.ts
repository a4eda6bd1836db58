import type { ICredentialTestRequest, ICredentialType, INodeProperties } from 'n8n-workflow';

import { address } from './address';
import { probe } from './probe';

export class ThreecxOAuth2Api implements ICredentialType {
	name = 'threecxOAuth2Api';

	// n8n shows an inherited field before the own ones: the address comes first, from the other credential.
	extends = ['threecxApi', 'oAuth2Api'];

	displayName = '3CX OAuth2 API';

	documentationUrl = 'https://github.com/n8n-nodes-3cx/n8n-nodes-3cx/blob/main/docs/set-up.md';

	icon = { light: 'file:../nodes/Threecx/threecx.svg', dark: 'file:../nodes/Threecx/threecx.dark.svg' } as const;

	properties: INodeProperties[] = [
		{
			displayName: 'Grant Type',
			name: 'grantType',
			type: 'hidden',
			default: 'clientCredentials',
		},
		{
			displayName: 'Access Token URL',
			name: 'accessTokenUrl',
			type: 'hidden',
			default: `={{ ${address('$self')} }}/connect/token`,
			required: true,
		},
		{
			displayName: 'Client ID',
			name: 'clientId',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'e.g. n8n',
			description: 'Client ID of the API client, from 3CX Admin > Integrations > API',
		},
		{
			displayName: 'API Key',
			name: 'clientSecret',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			hint: 'The API key that 3CX showed once, when the API client was saved. If it is lost, generate a new one there.',
			description: 'The API key of the API client',
		},
		{
			displayName: 'Scope',
			name: 'scope',
			type: 'hidden',
			default: '',
		},
		{
			displayName: 'Auth URI Query Parameters',
			name: 'authQueryParameters',
			type: 'hidden',
			default: '',
		},
		{
			displayName: 'Authentication',
			name: 'authentication',
			type: 'hidden',
			default: 'body',
		},
		{
			displayName: 'Send Additional Body Properties',
			name: 'sendAdditionalBodyProperties',
			type: 'hidden',
			default: false,
		},
		{
			displayName: 'Additional Body Properties',
			name: 'additionalBodyProperties',
			type: 'hidden',
			default: '',
		},
		{
			displayName: 'Ignore SSL Issues (Insecure)',
			name: 'ignoreSSLIssues',
			type: 'boolean',
			default: false,
			description:
				'Whether to connect even if the certificate is not valid, as with a self-signed one',
		},
	];

	test: ICredentialTestRequest = probe(address('$credentials'));
}
