/** Reads what answers hold, up to a limit: bytes are counted as they come out, after decompression. */
import type { FetchAnswer } from './types';

/** Answers to log-ins and to what changes something hold a record at most. */
export const MOST_OF_A_LOGIN = 1 << 20;

export async function text(answer: FetchAnswer, most: number): Promise<string | undefined> {
	if (answer.text && !isToBeCounted(answer, most)) {
		const whole = await answer.text();
		return whole.length > most ? undefined : whole;
	}
	const bytes = await counted(answer.body, most);
	return bytes && new TextDecoder().decode(bytes);
}

export async function bytes(answer: FetchAnswer, most: number): Promise<ArrayBuffer | undefined> {
	if (answer.arrayBuffer && !isToBeCounted(answer, most)) {
		const whole = await answer.arrayBuffer();
		return whole.byteLength > most ? undefined : whole;
	}
	return (await counted(answer.body, most))?.buffer;
}

/** What says its length, and is not compressed, comes with that length or breaks off. */
function isToBeCounted({ headers, body }: FetchAnswer, most: number): boolean {
	if (!isStream(body)) return false;
	const header = (name: string) => (typeof headers?.get === 'function' ? headers.get(name) : null);
	const length = header('content-length');
	const isShort = length !== null && Number(length) <= most && !header('content-encoding');
	return !isShort;
}

/** Others than the runtime's own fetch give what they like. */
function isStream(body: FetchAnswer['body']): body is AsyncIterable<Uint8Array> {
	return typeof (body as Partial<AsyncIterable<Uint8Array>> | null | undefined)?.[Symbol.asyncIterator] === 'function';
}

async function counted(body: FetchAnswer['body'], most: number) {
	const chunks: Uint8Array[] = [];
	let size = 0;
	// Leaving early ends the answer: nobody waits for the rest.
	for await (const part of (body ?? []) as AsyncIterable<Uint8Array | string>) {
		const chunk = typeof part === 'string' ? new TextEncoder().encode(part) : part;
		if (!ArrayBuffer.isView(chunk)) throw new TypeError('no bytes');
		size += chunk.byteLength;
		if (size > most) return undefined;
		chunks.push(chunk);
	}
	const whole = new Uint8Array(size);
	let at = 0;
	for (const chunk of chunks) {
		whole.set(chunk, at);
		at += chunk.byteLength;
	}
	return whole;
}
