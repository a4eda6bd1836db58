/** What has happened since the last look. */
import { describer, instantiate, ready } from './core';
import { execute } from './execute';
import { isFailed, type FailedRow } from './failed';
import { accept, refusal, refuse } from './refusals';
import { turn } from './turns';
import type { Credentials, Item, Options } from './types';

/** What to watch for; see docs/trigger.md. */
export interface PollOptions extends Pick<Options, 'timeout' | 'signal' | 'fetch'> {
	events: Array<
		| 'callEnded'
		| 'callMissed'
		| 'chatMessageReceived'
		| 'recordingAvailable'
		| 'transcriptReady'
		| 'systemEvent'
		| 'expiring'
	>;
	/** Numbers of system events; all unless given. */
	systemEvents?: number[];
	direction?: 'any' | 'inbound' | 'outbound' | 'internal';
	externalOnly?: boolean;
	/** Calls through this queue, or with this extension, or with a number that ends in these digits. */
	queue?: string;
	extension?: string;
	number?: string;
	/** When an inbound call counts as answered: a person spoke (unless given), or any leg was answered. */
	answeredBy?: 'person' | 'anyLeg';
	/** The raw rows of a call as well. */
	includeLegs?: boolean;
	/** Hours that a call may take, 4 unless given. */
	longestCall?: number;
	/** Days before something expires, `[1, 7, 30]` unless given. */
	daysBefore?: number[];
	/** Gives the newest of each kind as an example, and remembers nothing. */
	latest?: boolean;
}

/** To be kept together with the items, as JSON. */
export type PollState = Record<string, unknown>;

/** What happened, and what to do. */
interface Told {
	error: string;
	description?: string;
}

/** What may fail is nothing where 3CX does not know it. */
type Reading = Pick<Options, 'resource' | 'operation' | 'parameters'> & { mayFail?: boolean };

type Step =
	| 'rest'
	| { read: Reading }
	| { done: { state: PollState; hints: string[]; goesOn: boolean; failed: Told | null } }
	| { failed: Told };

/** What a look found. */
export interface Polled {
	items: Item[];
	state: PollState;
	/** What a person should know: that something is not reported, and why. */
	hints: string[];
}

/** Why something could not be read. */
export interface PollError extends Error {
	/** What to do. */
	description?: string;
	/** What else was read, if anything. */
	found?: Polled;
}

/**
 * Gives what has happened since the look that gave `state`; nothing without one, as it begins then. Who keeps state and
 * items together gets each event once. Rejects if something cannot be read: nothing is lost, the next look finds it. What
 * else was read is there as the error's `found`, as if it had been all: to be kept, or left to the next look.
 */
export async function poll(
	state: PollState | undefined,
	credentials: Credentials,
	{ timeout, signal, fetch, ...options }: PollOptions,
): Promise<Polled> {
	await ready();
	const core = instantiate(() => {});
	const wrong = core.look(JSON.stringify({ state, pbx: credentials.baseUrl, options, now: Date.now() }));
	if (wrong !== undefined) throw new Error(wrong);
	const { baseUrl, clientId, clientSecret, accessToken } = credentials;
	// With another token somebody has logged in.
	const login = core.loginName(JSON.stringify([baseUrl, clientId, clientSecret, accessToken]));
	/** Reads, and hands over what came a piece at a time. */
	const read = async ({ mayFail, ...reading }: Reading) => {
		// Who asks for an example is a person, and waits for a fresh answer.
		const refused = options.latest ? undefined : refusal(login);
		if (refused) return core.lookRefused(refused.error, refused.description, refused.minutes);
		const found = await execute([{ json: {} }], credentials, { ...reading, timeout, signal, fetch });
		const failed = found.find(isFailed);
		if (failed) {
			const { error, message, details } = failed.json as unknown as FailedRow;
			if (signal?.aborted) throw told({ error, description: message });
			if (details.code === 'LOGIN_REFUSED') refuse(login, error, message);
			if (mayFail && details.httpStatus === 404) core.lookAt('[]');
			else core.lookFailed(error, message, details.code, details.httpStatus !== undefined);
			return;
		}
		accept(login);
		for (let at = 0; at === 0 || at < found.length; at += PIECE) {
			const wrong = core.lookAt(JSON.stringify(found.slice(at, at + PIECE).map(({ json }) => json)));
			if (wrong !== undefined) throw new Error(wrong);
			await turn();
		}
	};
	const items: Item[] = [];
	let polled: Polled | undefined;
	/** What could not be read, though the rest could. */
	let failed: Told | null = null;
	for (;;) {
		const step = JSON.parse(core.lookOn()) as Step;
		if (step === 'rest') await turn();
		else if ('read' in step) await read(step.read);
		else if ('done' in step) {
			const { state, hints, goesOn } = step.done;
			failed ??= step.done.failed;
			for (let found = core.lookFound(); found !== undefined; found = core.lookFound()) {
				for (const json of JSON.parse(found) as Array<Item['json']>) items.push({ json });
				await turn();
			}
			polled = { items, state, hints };
			if (!goesOn) break;
		} else {
			if (!polled) throw told(step.failed);
			// What was found is good; the next look goes on from there, and says so if it cannot.
			break;
		}
	}
	if (failed) throw Object.assign(told(failed), { found: polled });
	return polled;
}

const told = ({ error, description }: Told) => Object.assign(new Error(error), { description });

/** So many rows are handed over in a few milliseconds. */
const PIECE = 100;

/** The system events that are documented, as n8n wants choices. */
export function systemEvents(): Array<{ name: string; value: number }> {
	return JSON.parse(describer().systemEvents()) as Array<{ name: string; value: number }>;
}
