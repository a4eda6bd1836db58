/** What 3CX posts to a CRM, and the template that makes it do so. */
import { describer, instantiate, ready } from './core';
import type { Item } from './types';

/** What a template can have 3CX do; see docs/call-trigger.md. */
export type CrmEvent = 'callReported' | 'chatReported' | 'contactCreation' | 'numberLookup';

/** Makes the template that an administrator uploads in 3CX. Throws if there is no event, or the address is none. */
export function crmTemplate(options: {
	/** Where calls and chats are posted to. Lookups and contacts come to the same address with `/answer` behind it. */
	url: string;
	/** What 3CX lists it as. */
	name: string;
	events: CrmEvent[];
}): { fileName: string; xml: string } {
	return told(describer().crmTemplate(JSON.stringify({ ...options, now: Date.now() })));
}

/** The header of a post that holds the secret. */
export const CRM_SECRET_HEADER = 'x-webhook-secret';

/** What is wrong with a secret, or nothing. */
export function crmSecretFault(secret: string): string | undefined {
	return describer().crmSecret(secret) || undefined;
}

/** Calls that were told of; to be kept as JSON. */
export type CrmMemory = Record<string, unknown>;

export interface CrmPost {
	/** The secret that 3CX has to know, and the one that came with the post. */
	secret: string;
	given: string | undefined;
	/** Bytes are not decoded before the secret is known to be right. */
	body: string | Uint8Array;
	events: CrmEvent[];
	/**
	 * With it, only the first of several posts of a call gives an item, and one more if the call was answered after all.
	 * `recall` gives what is kept, in as many places as it is; it and `keep` are called one after the other, at once.
	 */
	oncePerCall?: { recall(): CrmMemory[]; keep(memory: CrmMemory): void };
}

/** The core refuses a post of more bytes: of such a one, it gets no more than shows that. */
const MOST_BYTES = 2_000_000;

/** Reads a post: `status` and `message` are to be answered, `item` is what was posted, if it is to be handed on. */
export async function readCrmPost({ oncePerCall, body, ...post }: CrmPost): Promise<{
	status: number;
	message: string;
	item?: Item['json'];
}> {
	await ready();
	// An instance of its own: what comes from outside must not take another one down with it.
	const core = instantiate(() => {});
	const read = (more: object) =>
		told<{ status: number; message: string; item?: Item['json']; memory?: CrmMemory }>(core.crmPost(JSON.stringify({ ...post, ...more, now: Date.now() })));
	const access = read({});
	// Who does not know the secret makes no work.
	if (access.status !== 200) return access;
	const text = typeof body === 'string' ? body : new TextDecoder().decode(body.subarray(0, MOST_BYTES + 1));
	const { memory, ...reply } = read({
		body: text.slice(0, MOST_BYTES + 1),
		oncePerCall: oncePerCall !== undefined,
		memory: oncePerCall?.recall() ?? [],
	});
	if (memory) oncePerCall?.keep(memory);
	return reply;
}

function told<T>(text: string): T {
	const answer = JSON.parse(text) as T & { wrong?: string };
	if (answer.wrong !== undefined) throw new Error(answer.wrong);
	return answer;
}
