/** Log-ins, shared between the runs of a process: a new token would kill the one in use. */
import { MOST_OF_A_LOGIN, text } from './body';
import type { Options, RequestInit } from './types';
import type { Answer, Logins } from './wasm';

type Send = NonNullable<Options['fetch']>;

interface LogIn {
	answer: Promise<Answer>;
	/** Whose fetch it is. */
	send: unknown;
	arrived?: Answer;
	/** Until when other runs get the same answer, in milliseconds since 1970. */
	ends: number;
}

/** How long an answer is shared before the core has looked at it: as long as a log-in may take. */
const UNREAD = 60_000;

/** How long a log-in is waited for that goes by another fetch, in milliseconds: that may be the one that does not work. */
const PATIENCE = 5_000;

const known = new Map<string, LogIn>();

function logIn(key: string, stale: unknown, send: unknown, url: string, init: unknown): Promise<Answer> {
	const now = Date.now();
	for (const [other, { arrived, ends }] of known) {
		// One from the future is as old as the clock was ahead.
		if (ends <= now || (arrived && arrived.at > now)) known.delete(other);
	}
	const shared = known.get(key);
	if (shared && !(stale && shared.arrived === stale)) {
		if (shared.arrived || shared.send === send) return shared.answer;
		return inTime(shared.answer).catch(() => {
			if (known.get(key) === shared) known.delete(key);
			return logIn(key, stale, send, url, init);
		});
	}
	const answer = fetchAnswer((send ?? fetch) as Send, url, init as RequestInit);
	const entry: LogIn = { answer, send, ends: now + UNREAD };
	known.set(key, entry);
	answer.then(
		(value) => {
			entry.arrived = value;
		},
		() => {
			if (known.get(key) === entry) known.delete(key);
		},
	);
	return answer;
}

function inTime(answer: Promise<Answer>): Promise<Answer> {
	const limit = AbortSignal.timeout(PATIENCE);
	const late = new Promise<never>((_, reject) => limit.addEventListener('abort', () => reject(limit.reason as Error)));
	return Promise.race([answer, late]);
}

async function fetchAnswer(send: Send, url: string, init: RequestInit): Promise<Answer> {
	const answer = await send(url, init);
	return { status: answer.status, body: await text(answer, MOST_OF_A_LOGIN), at: Date.now() };
}

function keep(key: string, answer: Answer, life: number) {
	const entry = known.get(key);
	if (entry?.arrived !== answer) return;
	entry.ends = answer.at + life;
}

/** Where tokens were first used, by their fingerprints; the latest used are the last. */
const homes = new Map<string, string>();

/** Of how many tokens this is known: one lives for an hour. */
const MOST_HOMES = 1000;

function isAtHome(token: string, place: string): boolean {
	const home = homes.get(token) ?? place;
	homes.delete(token);
	homes.set(token, home);
	const [oldest] = homes.keys();
	if (homes.size > MOST_HOMES) homes.delete(oldest);
	return home === place;
}

export const logins: Logins = { logIn, keep, isAtHome };
