/** Log-ins, shared between the runs of a process: a new token would kill the one in use. */
import { MOST_OF_A_LOGIN, text } from './body';
import type { Options, RequestInit } from './types';
import type { Answer, Logins } from './wasm';

type Send = NonNullable<Options['fetch']>;

interface LogIn {
	answer: Promise<Answer>;
	arrived?: Answer;
	/** Until when other runs get the same answer, in milliseconds since 1970. */
	ends: number;
}

/** How long an answer is shared before the core has looked at it: as long as a log-in may take. */
const UNREAD = 60_000;

const known = new Map<string, LogIn>();

function logIn(key: string, stale: unknown, send: unknown, url: string, init: unknown): Promise<Answer> {
	const now = Date.now();
	for (const [other, { arrived, ends }] of known) {
		// One from the future is as old as the clock was ahead.
		if (ends <= now || (arrived && arrived.at > now)) known.delete(other);
	}
	const shared = known.get(key);
	if (shared && !(stale && shared.arrived === stale)) return shared.answer;
	const answer = fetchAnswer((send ?? fetch) as Send, url, init as RequestInit);
	const entry: LogIn = { answer, ends: now + UNREAD };
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
	for (const [oldest] of homes) {
		if (homes.size <= MOST_HOMES) break;
		homes.delete(oldest);
	}
	return home === place;
}

export const logins: Logins = { logIn, keep, isAtHome };
