/** Reads what answers hold, up to a limit: bytes are counted as they come out, after decompression. */
import type { FetchAnswer } from './types';

/** Answers to log-ins and to what changes something hold a record at most. */
export const MOST_OF_A_LOGIN = 1 << 20;

export async function text(answer: FetchAnswer, most: number): Promise<string | undefined> {
	if (isStream(answer.body) && !isShort(answer, most)) {
		const bytes = await counted(answer.body, most);
		return bytes && new TextDecoder().decode(bytes);
	}
	const whole = await answer.text();
	return whole.length > most ? undefined : whole;
}

export async function bytes(answer: FetchAnswer, most: number): Promise<ArrayBuffer | undefined> {
	if (isStream(answer.body) && !isShort(answer, most)) return (await counted(answer.body, most))?.buffer;
	const whole = await answer.arrayBuffer();
	return whole.byteLength > most ? undefined : whole;
}

/** Others than the runtime's own fetch give what they like. */
function isStream(body: FetchAnswer['body']): body is ReadableStream<Uint8Array> {
	return typeof body?.getReader === 'function';
}

/** What says its length, and is not compressed, comes with that length or breaks off. */
function isShort({ headers }: FetchAnswer, most: number): boolean {
	const length = headers.get('content-length');
	return length !== null && Number(length) <= most && !headers.get('content-encoding');
}

async function counted(body: ReadableStream<Uint8Array>, most: number) {
	const reader = body.getReader();
	const chunks: Uint8Array[] = [];
	let size = 0;
	for (;;) {
		const { done, value } = await reader.read();
		if (done) break;
		size += value.byteLength;
		if (size > most) {
			// Nobody waits for the rest.
			reader.cancel().catch(() => {});
			return undefined;
		}
		chunks.push(value);
	}
	const whole = new Uint8Array(size);
	let at = 0;
	for (const chunk of chunks) {
		whole.set(chunk, at);
		at += chunk.byteLength;
	}
	return whole;
}
