/**
 * Sends requests and brings what they come to, many at a time: the core and fetch each touch much code and memory, and
 * taking turns for every single row makes both of them a good deal slower.
 */
import type { Options, RequestInit } from './index';
import type { Wire } from './wasm';

interface Request {
	url: string;
	kind: RequestInit;
	body: RequestInit['body'];
	ticket: number;
	signal: AbortSignal;
}

type Settled = Parameters<Parameters<Wire['listen']>[0]>;

/**
 * `send`: the caller's own fetch, if there is one. `later` runs a task after what is going on. A message over the channel
 * comes after all that has arrived at the same moment.
 */
export function over(
	{ port1: inside, port2: outside }: MessageChannel,
	send: Options['fetch'],
	later: (task: () => void) => void,
): Wire {
	let tell: (...what: Settled) => void;
	const waiting: Request[] = [];
	const arrived: Settled[] = [];

	const arrive = (...what: Settled) => {
		if (arrived.push(what) === 1) outside.postMessage(null);
	};
	inside.onmessage = () =>
		later(() => {
			for (const what of arrived.splice(0)) tell(...what);
		});
	const flush = () => {
		for (const { url, kind, body, ticket, signal } of waiting.splice(0)) {
			// Copies, because whoever sends them may add to them.
			const init = { ...kind, headers: { ...kind.headers }, body, signal };
			try {
				Promise.resolve(send ? send(url, init) : fetch(url, init)).then(
					(answer) => arrive(ticket, true, answer),
					(cause) => arrive(ticket, false, cause),
				);
			} catch (cause) {
				arrive(ticket, false, cause);
			}
		}
	};
	return {
		listen(settled) {
			tell = settled;
		},
		start(url, kind, body, ticket) {
			const controller = new AbortController();
			const request = { url, kind, body, ticket, signal: controller.signal } as Request;
			if (waiting.push(request) === 1) later(flush);
			return controller;
		},
	};
}
