/**
 * Sends requests and brings what they come to, many at a time: the core and fetch each touch much code and memory, and
 * taking turns for every single row makes both of them a good deal slower.
 */
import { bytes, text } from './body';
import type { FetchAnswer, Options, RequestInit } from './types';
import type { Request, Wire } from './wasm';

/** A request that was handed over, and leaves with the others of its moment. */
class Handed implements Request {
	hasLeft = false;

	private readonly controller = new AbortController();

	readonly signal = this.controller.signal;

	constructor(
		readonly url: string,
		readonly kind: RequestInit,
		readonly body: RequestInit['body'],
		readonly ticket: number,
		readonly row: number,
	) {}

	abort() {
		this.controller.abort();
	}
}

/** A wire that can be closed: nothing is sent any more, and what is under way is given up. */
export interface ClosableWire extends Wire {
	close(): void;
}

type Settled = Parameters<Parameters<Wire['listen']>[0]>;

/**
 * `send`: the caller's own fetch, if there is one. `cancel`: the caller's signal. `onChange`: told of each request that may change something.
 * `later` runs a task after what is going on. A message over a channel comes after all that has arrived at the same
 * moment. There are two, used in turn: Node goes on with what comes over one and the same, up to a thousand messages,
 * before anything else in the process gets a turn. `reached` is kept for the case that the core breaks down: 1 for each
 * row whose own request was sent, or the status that it was answered with.
 */
export function over(
	channels: MessageChannel[],
	{ fetch: send, signal: cancel, onChange }: Options,
	later: (task: () => void) => void,
	reached: Uint16Array,
): ClosableWire {
	let tell: (...what: Settled) => void;
	const waiting: Handed[] = [];
	const underWay = new Set<Handed>();
	const arrived: Array<{ row: number; what: Settled }> = [];

	let isClosed = false;

	const arrive = (request: Handed, isAnswer: boolean, value: unknown) => {
		underWay.delete(request);
		const { row, ticket } = request;
		if (arrived.push({ row, what: [ticket, isAnswer, value] }) > 1) return;
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
		for (const request of waiting.splice(0)) {
			const { url, kind, body, row, signal } = request;
			// The core is about to hear of a cancel, which may come from within the fetch before this one.
			if (isClosed || cancel?.aborted) return;
			if (signal.aborted) continue;
			if (row >= 0) {
				onChange?.();
				reached[row] = 1;
			}
			request.hasLeft = true;
			underWay.add(request);
			// Copies, because whoever sends them may add to them.
			const init = { ...kind, headers: { ...kind.headers }, body, signal };
			try {
				Promise.resolve(send ? send(url, init) : fetch(url, init)).then(
					(answer) => arrive(request, true, answer),
					(cause) => arrive(request, false, cause),
				);
			} catch (cause) {
				arrive(request, false, cause);
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
			const request = new Handed(url, kind as RequestInit, body as RequestInit['body'], ticket, row);
			if (waiting.push(request) === 1) later(flush);
			return request;
		},
		close() {
			isClosed = true;
			underWay.forEach((request) => request.abort());
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
