import type { ICredentialTestRequest } from 'n8n-workflow';

const NOT_A_PBX =
	'The address answers, but not as a 3CX version 20 phone system. Check the PBX Address: it is the one that 3CX Admin is opened with.';

/** What the Test button says of a status; the node says the same of it. */
const MESSAGES: Record<number, string> = {
	400: 'The port is for HTTPS: begin the PBX Address with https://',
	401: '3CX did not accept the log-in (401). Check client ID and API key, or the access token. Do not try again and again: 3CX blocks addresses after a few failed log-ins.',
	403: 'The API client has no rights for this (403). In 3CX Admin > Integrations > API, give it the department DEFAULT and the role System Owner, with 3CX Configuration API Access checked. Console restrictions by IP address answer like this, too.',
	404: NOT_A_PBX,
	405: NOT_A_PBX,
	429: '3CX is getting too many requests (429). Try again in a minute.',
	502: 'A proxy answered in place of the PBX (502). See whether the PBX is restarting, and try again in a few minutes.',
	503: 'The PBX is not ready (503). See whether it is restarting, and try again in a few minutes.',
	504: 'A proxy answered in place of the PBX (504). See whether the PBX is restarting, and try again in a few minutes.',
};

const REDIRECTS = [301, 302, 303, 307, 308];

const REDIRECTED =
	'The PBX redirects to another address. Enter the one that it really answers on: redirects are not followed, so that the token goes nowhere else.';

/** The Test button's request. `baseURL`: an expression for the PBX's address. */
export const probe = (baseURL: string): ICredentialTestRequest => ({
	request: {
		baseURL: `={{ ${baseURL} }}`,
		url: '/xapi/v1/Defs?$select=Id',
		// The token is for the PBX only.
		disableFollowRedirect: true,
		skipSslCertificateValidation: '={{ $credentials["ignoreSSLIssues"] }}' as unknown as boolean,
	},
	// n8n reads both kinds in one list, which its type does not know.
	rules: [
		...Object.entries(MESSAGES).map(([status, message]) => responseCode(Number(status), message)),
		...REDIRECTS.map((status) => responseCode(status, REDIRECTED)),
		{ type: 'responseSuccessBody', properties: { key: 'Id', value: undefined, message: NOT_A_PBX } },
	] as unknown as ICredentialTestRequest['rules'],
});

const responseCode = (value: number, message: string) => ({ type: 'responseCode', properties: { value, message } });
