import type {
	IDataObject,
	IExecuteFunctions,
	IHttpRequestMethods,
	ILoadOptionsFunctions,
	INode,
	IPollFunctions,
} from 'n8n-workflow';

import type { Credentials, Options } from '../../portable';

type Context = IExecuteFunctions | ILoadOptionsFunctions | IPollFunctions;

interface Connection {
	credentials: Credentials;
	ignoreSslIssues: boolean;
}

/** Reads the credential once for the whole run, and after a 401: n8n decrypts it anew each time. */
export async function connect(this: Context): Promise<Connection> {
	const type = typeIn(this.getNode());
	const isReadyToken = type === 'threecxApi';
	const credential = await this.getCredentials(type);
	const baseUrl = credential.baseUrl as string;
	return {
		credentials: isReadyToken
			? { baseUrl, accessToken: credential.accessToken as string }
			: {
					baseUrl,
					clientId: credential.clientId as string,
					// Not to log in with, but never to be shown.
					clientSecret: credential.clientSecret as string,
					accessToken: tokenIn(credential),
					reread: async () => tokenIn(await this.getCredentials(type)),
					refresh: async () => await renew.call(this, type),
				},
		ignoreSslIssues: credential.ignoreSSLIssues === true,
	};
}

function typeIn({ parameters }: INode): string {
	return parameters.authentication === 'accessToken' ? 'threecxApi' : 'threecxOAuth2Api';
}

/** What an expression in a credential must not make another in each row. */
const OF_THE_PBX = ['baseUrl', 'clientId', 'clientSecret', 'accessToken', 'ignoreSSLIssues'];

/**
 * The first row whose credential is another one than the first row's, if any. n8n reads a credential for a row in a
 * millisecond or more. So it is asked for a row that is not there: an expression that looks at its row has no value for
 * that one, or another, and only then each row is read.
 */
export async function differing(this: IExecuteFunctions): Promise<number | undefined> {
	const { length } = this.getInputData();
	if (length < 2) return undefined;
	const type = typeIn(this.getNode());
	const read = async (row: number) => JSON.stringify(await this.getCredentials(type, row), OF_THE_PBX);
	const first = await read(0);
	const isOne = await read(length).then((none) => none === first, () => false);
	if (isOne) return undefined;
	const cancel = this.getExecutionCancelSignal();
	for (let row = 1; row < length && !cancel?.aborted; row++) {
		if ((await read(row)) !== first) return row;
	}
	return undefined;
}

function tokenIn(credential: IDataObject): string | undefined {
	return (credential.oauthTokenData as IDataObject | undefined)?.access_token as string | undefined;
}

/** Lets n8n get a token and keep it: once for all that ask at the same time in one process. */
async function renew(this: Context, type: string): Promise<string> {
	if (this.helpers.refreshOAuth2Token) {
		return tokenIn({ oauthTokenData: await this.helpers.refreshOAuth2Token.call(this, type) }) ?? '';
	}
	// n8n before 1.118 renews a token only where a call is answered with 401.
	const { accessTokenUrl, ignoreSSLIssues, oauthTokenData } = await this.getCredentials(type);
	const refused = tokenIn({ oauthTokenData } as IDataObject);
	const failure: unknown = await this.helpers.httpRequestWithAuthentication
		.call(this, type, {
			url: new URL('../xapi/v1/Defs?$select=Id', accessTokenUrl as string).href,
			json: true,
			disableFollowRedirect: true,
			skipSslCertificateValidation: ignoreSSLIssues === true,
		})
		.then(
			() => undefined,
			(error: unknown) => error,
		);
	const token = tokenIn(await this.getCredentials(type));
	// Whatever the call came to: a new token is a new token.
	if (failure !== undefined && (token === undefined || token === refused)) throw failure;
	return token ?? '';
}

/** A fetch that goes n8n's way: its proxy, its guard against forbidden addresses, its TLS settings. */
export function transport(this: Context, ignoreSslIssues: boolean): Options['fetch'] {
	return async (url, { method, headers, body, signal }) => {
		const answer = (await this.helpers.httpRequest({
			url,
			method: method as IHttpRequestMethods,
			headers,
			body: typeof body === 'string' || body === undefined ? body : Buffer.from(body),
			abortSignal: signal,
			// The core has its own, which may be longer than the 300 s that n8n gives a request unless told otherwise.
			timeout: 0,
			// n8n itself would read an answer to its end, however long it is.
			encoding: 'stream',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
			skipSslCertificateValidation: ignoreSslIssues,
		})) as { statusCode: number; headers: Record<string, string>; body: Stream };
		// Nobody reads what holds nothing, and a connection ends with its answer.
		if ([204, 205, 304].includes(answer.statusCode)) answer.body.resume();
		return {
			status: answer.statusCode,
			headers: { get: (name) => answer.headers[name] ?? null },
			body: answer.body,
		};
	};
}

interface Stream extends AsyncIterable<Uint8Array> {
	resume(): void;
}
