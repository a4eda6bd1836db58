/**
 * Sends requests and brings what they come to, many at a time: the core and fetch each touch much code and memory, and
 * taking turns for every single row makes both of them a good deal slower.
 */
import { bytes, text } from './body';
import type { FetchAnswer, Options, RequestInit } from './types';
import type { Wire } from './wasm';

interface Request {
	url: string;
	kind: RequestInit;
	body: RequestInit['body'];
	ticket: number;
	row: number;
	signal: AbortSignal;
}

/** A wire that can be closed: nothing is sent any more. */
export interface ClosableWire extends Wire {
	close(): void;
}

type Settled = Parameters<Parameters<Wire['listen']>[0]>;

/**
 * `send`: the caller's own fetch, if there is one. `onChange`: told of each request that may change something.
 * `later` runs a task after what is going on. A message over a channel comes after all that has arrived at the same
 * moment. There are two, used in turn: Node goes on with what comes over one and the same, up to a thousand messages,
 * before anything else in the process gets a turn. `reached` is kept for the case that the core breaks down: 1 for each
 * row whose own request was sent, or the status that it was answered with.
 */
export function over(
	channels: MessageChannel[],
	{ fetch: send, onChange }: Options,
	later: (task: () => void) => void,
	reached: Uint16Array,
): ClosableWire {
	let tell: (...what: Settled) => void;
	const waiting: Request[] = [];
	const arrived: Array<{ row: number; what: Settled }> = [];

	let isClosed = false;

	const arrive = (row: number, ...what: Settled) => {
		if (arrived.push({ row, what }) > 1) return;
		channels.reverse()[0].port2.postMessage(null);
	};
	const bring = () =>
		later(() => {
			for (const { row, what } of arrived.splice(0)) {
				if (row >= 0) reached[row] = statusOf(what);
				tell(...what);
			}
		});
	for (const { port1 } of channels) port1.onmessage = bring;
	const flush = () => {
		for (const { url, kind, body, ticket, row, signal } of waiting.splice(0)) {
			if (isClosed) return;
			if (row >= 0) {
				reached[row] = 1;
				onChange?.();
			}
			// Copies, because whoever sends them may add to them.
			const init = { ...kind, headers: { ...kind.headers }, body, signal };
			try {
				Promise.resolve(send ? send(url, init) : fetch(url, init)).then(
					(answer) => arrive(row, ticket, true, answer),
					(cause) => arrive(row, ticket, false, cause),
				);
			} catch (cause) {
				arrive(row, ticket, false, cause);
			}
		}
	};
	return {
		text,
		bytes,
		listen(settled) {
			tell = settled;
		},
		start(url, kind, body, ticket, row) {
			const controller = new AbortController();
			const request = { url, kind, body, ticket, row, signal: controller.signal } as Request;
			if (waiting.push(request) === 1) later(flush);
			return controller;
		},
		close() {
			isClosed = true;
		},
	};
}

/** The answer may be any object: what it throws is the core's to find out. */
function statusOf([, isAnswer, value]: Settled): number {
	try {
		return isAnswer ? Number((value as FetchAnswer).status) || 1 : 1;
	} catch {
		return 1;
	}
}
