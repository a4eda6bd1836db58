import type {
	IDataObject,
	IExecuteFunctions,
	IHttpRequestMethods,
	ILoadOptionsFunctions,
} from 'n8n-workflow';

import type { Credentials, Options } from '../../portable';

type Context = IExecuteFunctions | ILoadOptionsFunctions;

interface Connection {
	credentials: Credentials;
	ignoreSslIssues: boolean;
}

/** Reads the credential once for the whole run: n8n decrypts it anew each time. */
export async function connect(this: Context): Promise<Connection> {
	const isReadyToken = this.getNode().parameters.authentication === 'accessToken';
	const type = isReadyToken ? 'threecxApi' : 'threecxOAuth2Api';
	const { baseUrl, accessToken, oauthTokenData, ignoreSSLIssues } = await this.getCredentials(type);
	const stored = (oauthTokenData as IDataObject | undefined)?.access_token;
	// n8n renews tokens: once for all that ask at the same time, in all its processes, and keeps the new one.
	const refresh = async () => {
		const renewed = (await this.helpers.refreshOAuth2Token.call(this, type)) as IDataObject;
		return renewed.access_token as string;
	};
	return {
		credentials: isReadyToken
			? { baseUrl: baseUrl as string, accessToken: accessToken as string }
			: { baseUrl: baseUrl as string, accessToken: stored as string | undefined, refresh },
		ignoreSslIssues: ignoreSSLIssues === true,
	};
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
			encoding: 'arraybuffer',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
			skipSslCertificateValidation: ignoreSslIssues,
		})) as { statusCode: number; headers: Record<string, string>; body: Buffer };
		return {
			status: answer.statusCode,
			headers: { get: (name) => answer.headers[name] ?? null },
			text: async () => answer.body.toString(),
			arrayBuffer: async () => Uint8Array.from(answer.body).buffer,
		};
	};
}
