/** The core without n8n: `execute(items, credentials, options?)` for any JavaScript that has `fetch`. */
import { brokenDown } from './breakdown';
import { instantiate, ready } from './core';
import { toJson } from './json';
import { logins } from './logins';
import { flat } from './turns';
import type { Instance } from './wasm';
import * as wire from './wire';

export type { PollOptions, PollState } from './poll';
export { poll, systemEvents } from './poll';

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
	/** Reads the token in use where others renew it too: asked after a 401, before `refresh`. */
	reread?: () => Promise<string | undefined>;
}

/** What the core asks of a fetch answer. */
export interface FetchAnswer {
	status: number;
	headers: { get(name: string): string | null };
	text(): Promise<string>;
	/** Asked for files only. */
	arrayBuffer(): Promise<ArrayBuffer>;
	/** Where it is given, an answer that is too long is not read to its end. */
	body?: ReadableStream<Uint8Array> | null;
}

export interface RequestInit {
	method: string;
	headers: Record<string, string>;
	body?: string | Uint8Array<ArrayBuffer>;
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
	/** The most requests under way at once, 128 unless given; how many of them pay is found out during the run. */
	concurrency?: number;
	/** Requests started per second; no limit unless given. */
	requestsPerSecond?: number;
	/** Milliseconds to wait for each answer; 120,000 unless given. */
	timeout?: number;
	/** Milliseconds that the whole run may take; no limit unless given. Rows that are left are reported as skipped. */
	deadline?: number;
	/** How many bytes an answer may have that only reads: 64 MB unless given. Answers to changes and log-ins: 1 MB. */
	maxAnswerBytes?: number;
	/** How many bytes a file that comes from 3CX may have, 512 MB unless given. */
	maxFileBytes?: number;
	/** Give the entities that a person can choose from for the operation's key, rather than carry it out. */
	choices?: boolean;
	/** Send nothing more after the first row that failed. */
	stopOnError?: boolean;
	/** The caller does the whole run again if a row fails: nothing that changes is sent then. */
	retryOnFail?: boolean;
	/** Names of parameters that are the same for all rows, although `parameters` is a function. */
	fixed?: string[];
	/** Names of parameters that are settings of the run, and refused where they are not the same in all rows. */
	uniform?: string[];
	/** Outlives the run, for `parameters.skipDoneBefore` of `Replace Group License Key`. */
	memory?: Memory;
	/** Cancels the run: rows not yet sent are reported as skipped. */
	signal?: AbortSignal;
	/** Sends the requests, in place of the runtime's own fetch. */
	fetch?: (url: string, init: RequestInit) => Promise<FetchAnswer>;
	/** Keeps a file and gives what its row's binary field is to hold; base64 as n8n has it unless given. */
	saveFile?: (bytes: Uint8Array, fileName: string, mimeType: string) => Promise<unknown>;
	/** Gives the bytes of a row's (counted from 0) binary field; reads base64 as n8n has it unless given. */
	readFile?: (row: number, field: string) => Promise<Uint8Array>;
	/** Told at most once in `progressInterval` milliseconds (200 unless given), and when the last row is done. */
	onProgress?: (progress: Progress) => void;
	progressInterval?: number;
	/** Told of the item of each row that failed, as soon as it has; again if the row is looked at again after the run. */
	onFailed?: (item: Item) => void;
	/** Told at the end, once for each thing to know about the run as a whole. `info` is the run in numbers. */
	onHint?: (hint: string, type: 'warning' | 'info') => void;
}

/**
 * Keeps texts of which rows were sent; no license key can be found out from them. One run at a time may use it. What
 * throws or rejects ends the run: nothing is sent that is not remembered.
 */
export interface Memory {
	/** Keeps all of them or none, for good before it resolves. Tells for each whether it was there before. */
	remember(texts: string[]): Promise<boolean[]>;
	/** Forgets all of them or none. */
	forget(texts: string[]): Promise<void>;
	/** How many texts it keeps, the newest, unless it keeps all. A row takes two; more rows than that are refused. */
	capacity?: number;
}

/** How far a run has come. */
export interface Progress {
	/** Rows processed so far, and how many there are. */
	done: number;
	total: number;
	/** Of those done, rows that carry an error. */
	failed: number;
	/** Requests sent; of these, those that were sent again. */
	sent: number;
	retried: number;
	/** Answers by which 3CX asked for fewer requests. */
	throttled: number;
}

/**
 * Carries out one operation for every item; with two arguments it replaces the license key of each row's
 * `json.groupId` by `json.licenseKey`.
 *
 * Resolves to one item for each row, in order (lists may give several): a row that failed carries `json.error` (what
 * happened), `json.message` (what to do) and `json.details`. That is so even if the core breaks down: each row then says
 * whether it was sent. Rejects only if the call itself makes no sense; nothing was sent then.
 */
export async function execute(
	items: Item[],
	credentials: Credentials,
	options: Options = {},
): Promise<Item[]> {
	// As they are now: the caller's list may change during the run.
	const rows = items.slice();
	const output = new Array<Item | Item[]>(rows.length);
	const reached = new Uint16Array(rows.length);
	await ready();
	// Node would end a process whose run only waits for a wake-up; open ports keep it going.
	const channels = [new MessageChannel(), new MessageChannel()];
	const end = await new Promise<{ hasLists: boolean } | { cause: unknown }>((resolve, reject) => {
		// Tasks of the core that throw must fail this run, not the process.
		const queueMicrotask = (task: () => void) =>
			void Promise.resolve()
				.then(task)
				.catch((cause: unknown) => {
					requests.close();
					resolve({ cause });
				});
		const files = {
			save: async (bytes: ArrayBuffer, fileName: string, mimeType: string) =>
				await (options.saveFile ?? toBase64)(new Uint8Array(bytes), fileName, mimeType),
			read: options.readFile ?? (async (row: number, field: string) => fromBase64(rows[row], field)),
			toJson,
		};
		const requests = wire.over(channels, options.fetch, queueMicrotask, reached);
		instantiate(queueMicrotask)
			.execute(rows, credentials, options, logins, requests, files, output)
			.then((hasLists) => resolve({ hasLists }), reject);
	}).finally(() => channels.forEach(({ port1 }) => port1.close()));
	if ('cause' in end) return await brokenDown(end.cause, output, reached, instantiate(() => {}), options);
	return end.hasLists ? await flat(output) : (output as Item[]);
}

/** An entry of a form: of a mapper with `id`, of a list with `value`. */
export interface FormField {
	id?: string;
	value?: string;
	name?: string;
	displayName?: string;
}

let describer: Instance | undefined;

/** The fields that a part of an operation's form offers, as n8n wants them. Nothing is requested for it. */
export function formFields(
	resource: string,
	operation: string,
	part: 'arguments' | 'fields' | 'filter' | 'select' | 'expand',
): FormField[] {
	describer ??= instantiate(() => {});
	return JSON.parse(describer.formFields(resource, operation, part)) as FormField[];
}

async function toBase64(bytes: Uint8Array, fileName: string, mimeType: string) {
	return { data: Buffer.from(bytes).toString('base64'), fileName, mimeType };
}

function fromBase64(item: Item, field: string): Uint8Array {
	const { data } = item.binary?.[field] as { data: string };
	return Buffer.from(data, 'base64');
}

/** Whether an item is the report of a row that failed, and not a record that happens to have a field `error`. */
export function isFailed({ json }: Item): boolean {
	const { error, details } = json;
	const { row, outcome } = (details ?? {}) as Partial<FailedRow['details']>;
	return typeof error === 'string' && typeof row === 'number' && OUTCOMES.includes(outcome as Outcome);
}

const OUTCOMES = ['notSent', 'refused', 'unknown', 'skipped'] as const;
type Outcome = (typeof OUTCOMES)[number];

/** What a row that failed carries as its `json`. */
export interface FailedRow {
	/** What happened. */
	error: string;
	/** What to do. */
	message: string;
	details: {
		/** Counted from 1. */
		row: number;
		/** Whether anything may have been changed: only `unknown` rows may have been carried out. */
		outcome: Outcome;
		code: string;
		httpStatus?: number;
	};
}
