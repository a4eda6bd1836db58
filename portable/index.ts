/** The core without n8n: `execute(items, credentials, options?)` for any JavaScript that has `fetch`. */
import type { Answer } from './wasm';
import { compile, create } from './wasm';

/** An n8n item. */
export interface Item {
	json: Record<string, unknown>;
	binary?: Record<string, unknown>;
	pairedItem?: unknown;
}

export interface Credentials {
	/** Address of the PBX, such as `https://company.3cx.eu`. */
	baseUrl: string;
	/** A ready bearer token. */
	accessToken?: string;
	/** Client credentials of an API client; a token is fetched and kept for later runs. */
	clientId?: string;
	clientSecret?: string;
	/** Gets a new token after a 401, in place of client credentials. */
	refresh?: () => Promise<string>;
}

/** What the core asks of a fetch answer. */
export interface FetchAnswer {
	status: number;
	headers: { get(name: string): string | null };
	text(): Promise<string>;
}

export interface RequestInit {
	method: string;
	headers: Record<string, string>;
	body?: string;
	redirect: 'manual';
	signal?: AbortSignal;
}

export interface Options {
	/** As in node-definition.json; `Groups` unless given. */
	resource?: string;
	/** As in node-definition.json; `Replace Group License Key` unless given. */
	operation?: string;
	/** Values of the operation's form: for all rows, or made for each row (counted from 0). */
	parameters?: Record<string, unknown> | ((row: number) => Record<string, unknown>);
	/** Requests under way at once; 4 unless given. */
	concurrency?: number;
	/** Requests started per second; no limit unless given. */
	requestsPerSecond?: number;
	/** Milliseconds to wait for each answer; 120,000 unless given. */
	timeout?: number;
	/** Send nothing more after the first row that failed. */
	stopOnError?: boolean;
	/** Cancels the run: rows not yet sent are reported as skipped. */
	signal?: AbortSignal;
	/** Sends the requests, in place of the runtime's own fetch. */
	fetch?: (url: string, init: RequestInit) => Promise<FetchAnswer>;
	onProgress?: (progress: { done: number; total: number }) => void;
	/** Told at the end, once for each thing to know about the run as a whole. */
	onHint?: (hint: string) => void;
}

let compiled: unknown;

/** Answers of log-ins, so that runs of one process share a token: a new one would kill the one in use. */
const logins = new Map<string, Promise<Answer>>();
const settled = new WeakMap<Promise<Answer>, Answer>();

function logIn(
	key: string,
	stale: unknown,
	send: unknown,
	url: string,
	init: unknown,
): Promise<Answer> {
	const known = logins.get(key);
	if (known && !(stale && settled.get(known) === stale)) return known;
	const answer = fetchAnswer((send ?? fetch) as NonNullable<Options['fetch']>, url, init as RequestInit);
	logins.set(key, answer);
	const forget = () => {
		if (logins.get(key) === answer) logins.delete(key);
	};
	answer.then((value) => {
		settled.set(answer, value);
		if (value.status !== 200) forget();
	}, forget);
	return answer;
}

async function fetchAnswer(
	send: NonNullable<Options['fetch']>,
	url: string,
	init: RequestInit,
): Promise<Answer> {
	const answer = await send(url, init);
	return { status: answer.status, body: await answer.text(), at: Date.now() };
}

/**
 * Carries out one operation for every item; with two arguments it replaces the licence key of each row's
 * `json.groupId` by `json.licenseKey`.
 *
 * Resolves to one item for each row, in order (lists may give several): a row that failed carries `json.error` (what
 * happened), `json.message` (what to do) and `json.details`. Rejects only if the call itself makes no sense, or if the
 * core breaks down; the error's `items` then holds the rows that were finished.
 */
export async function execute(
	items: Item[],
	credentials: Credentials,
	options: Options = {},
): Promise<Item[]> {
	compiled ??= compile();
	const output = new Array<Item>(items.length);
	// Node would end a process whose run only waits for a wake-up; an open port keeps it going.
	const { port1: keepAlive } = new MessageChannel();
	keepAlive.onmessage = () => {};
	await new Promise<void>((resolve, reject) => {
		const fail = (cause: unknown) => reject(brokenDown(cause, output));
		// Tasks of the core that throw must fail this run, not the process.
		const queueMicrotask = (task: () => void) => void Promise.resolve().then(task).catch(fail);
		const instance = create(compiled, { queueMicrotask });
		instance.execute(items, credentials, options, { logIn }, output).then(resolve, fail);
	}).finally(() => keepAlive.close());
	return output;
}

function brokenDown(cause: unknown, items: Item[]): Error {
	const finished = items.filter((item) => item !== undefined);
	const text = cause instanceof Error ? cause.message : String(cause);
	return Object.assign(new Error(`${text} (${finished.length} of ${items.length} rows were finished)`), {
		items: finished,
	});
}
