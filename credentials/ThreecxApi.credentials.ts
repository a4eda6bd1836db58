import type {
	IAuthenticateGeneric,
	ICredentialTestRequest,
	ICredentialType,
	INodeProperties,
} from 'n8n-workflow';

export class ThreecxApi implements ICredentialType {
	name = 'threecxApi';

	displayName = '3CX Access Token API';

	documentationUrl = 'https://www.3cx.com/docs/configuration-rest-api/';

	icon = { light: 'file:../nodes/Threecx/threecx.svg', dark: 'file:../nodes/Threecx/threecx.dark.svg' } as const;

	properties: INodeProperties[] = [
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
			displayName: 'Access Token',
			name: 'accessToken',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			description: 'A ready bearer token. 3CX tokens live for an hour; it is not renewed.',
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

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { headers: { Authorization: '=Bearer {{ $credentials.accessToken }}' } },
	};

	test: ICredentialTestRequest = {
		request: {
			baseURL:
				'={{ (/^https?:\\/\\//i.test($credentials["baseUrl"].trim()) ? "" : "https://") + $credentials["baseUrl"].trim().replace(/\\/+$/, "").replace(/\\/xapi(\\/v1)?$/i, "").replace(/\\/+$/, "") }}',
			url: '/xapi/v1/Defs?$select=Id',
			// The token is for the PBX only.
			disableFollowRedirect: true,
			skipSslCertificateValidation: '={{ $credentials["ignoreSSLIssues"] }}' as unknown as boolean,
		},
	};
}
