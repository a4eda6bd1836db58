import type { ICredentialTestRequest, ICredentialType, INodeProperties } from 'n8n-workflow';

// The address as people paste it, without slashes and the API's own path at its end.
const address = (credential: string) =>
	`(/^https?:\\/\\//i.test(${credential}["baseUrl"].trim()) ? "" : "https://") + ` +
	`${credential}["baseUrl"].trim().replace(/\\/+$/, "").replace(/\\/xapi(\\/v1)?$/i, "").replace(/\\/+$/, "")`;

export class ThreecxOAuth2Api implements ICredentialType {
	name = 'threecxOAuth2Api';

	extends = ['oAuth2Api'];

	displayName = '3CX OAuth2 API';

	documentationUrl = 'https://www.3cx.com/docs/configuration-rest-api/';

	icon = { light: 'file:../nodes/Threecx/threecx.svg', dark: 'file:../nodes/Threecx/threecx.dark.svg' } as const;

	properties: INodeProperties[] = [
		{
			displayName: 'Grant Type',
			name: 'grantType',
			type: 'hidden',
			default: 'clientCredentials',
		},
		{
			displayName: 'PBX Address',
			name: 'baseUrl',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'e.g. https://company.3cx.eu',
			description: 'Address of the PBX, with its port if it is not 443',
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
			description: 'Client ID of the API client, from 3CX Admin > Integrations > API',
		},
		{
			displayName: 'API Key',
			name: 'clientSecret',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			description: 'API key that 3CX showed when the API client was made',
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

	test: ICredentialTestRequest = {
		request: {
			baseURL: `={{ ${address('$credentials')} }}`,
			url: '/xapi/v1/Defs?$select=Id',
			// The token is for the PBX only.
			disableFollowRedirect: true,
			skipSslCertificateValidation: '={{ $credentials["ignoreSSLIssues"] }}' as unknown as boolean,
		},
	};
}
