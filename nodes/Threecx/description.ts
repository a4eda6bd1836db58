/** What the descriptions of the nodes have in common. */
import type { INodeCredentialDescription, INodeProperties } from 'n8n-workflow';

/** As text: n8n before 1.83 has no `NodeConnectionTypes`. */
export const MAIN = 'main';

export const credentialTypes: INodeCredentialDescription[] = [
	{
		name: 'threecxOAuth2Api',
		required: true,
		displayOptions: { show: { authentication: ['oAuth2'] } },
	},
	{
		name: 'threecxApi',
		required: true,
		displayOptions: { show: { authentication: ['accessToken'] } },
	},
];

export const authentication: INodeProperties = {
	displayName: 'Authentication',
	name: 'authentication',
	type: 'options',
	noDataExpression: true,
	options: [
		{ name: 'OAuth2 (Client ID and API Key)', value: 'oAuth2' },
		{ name: 'Access Token', value: 'accessToken' },
	],
	default: 'oAuth2',
};
