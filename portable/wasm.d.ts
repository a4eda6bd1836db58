import type { FetchAnswer } from './types';

// The module that `cargo xtask wasm` makes from the Rust core.

export interface Answer {
	status: number;
	/** Nothing where it was too long. */
	body: string | undefined;
	/** When it came, in milliseconds since 1970. */
	at: number;
}

export interface Logins {
	/** Logs in, or gives the answer that is known for this key, unless it is `stale`. */
	logIn(key: string, stale: unknown, fetch: unknown, url: string, init: unknown): Promise<Answer>;
	/** How many milliseconds an answer is of use from the time it came on; 0: it gave no token. */
	keep(key: string, answer: Answer, life: number): void;
	/** Whether the token of this fingerprint was first used in this place, or is now. */
	isAtHome(token: string, place: string): boolean;
}

/** A request that was handed over. */
export interface Request {
	/** Whether anything of it may have left. */
	readonly hasLeft: boolean;
	/** Gives it up. */
	abort(): void;
}

/** Sends requests. */
export interface Wire {
	/** `settled` is told once for each request what came of it: an answer, or why there is none. */
	listen(settled: (ticket: number, isAnswer: boolean, value: unknown) => void): void;
	/**
	 * `kind` is what many requests have in common, without body and signal. `row`: for which it may change something, or
	 * -1.
	 */
	start(url: string, kind: unknown, body: unknown, ticket: number, row: number): Request;
	/** What an answer holds, or nothing where it is more than `most` bytes. */
	text(answer: FetchAnswer, most: number): Promise<string | undefined>;
	bytes(answer: FetchAnswer, most: number): Promise<ArrayBuffer | undefined>;
}

export interface Files {
	save(bytes: ArrayBuffer, fileName: string, mimeType: string): Promise<unknown>;
	read(row: number, field: string): Promise<Uint8Array>;
	/** A form whose field `file` is a file, and the content type that goes with it. */
	form(bytes: Uint8Array<ArrayBuffer>, fileName: string, mimeType: string): Promise<{ type: string; body: Uint8Array }>;
	/** The JSON text of a row's value, within limits. */
	toJson(value: unknown, maxDepth: number, maxLength: number, blankDepth: number): string | undefined;
}

export interface Instance {
	/** The fields that a part of an operation's form offers, as JSON text. */
	formFields(resource: string, operation: string, part: string): string;
	/** Begins a look, with JSON text. Gives what is wrong with it, if anything. */
	look(input: string): string | undefined;
	/** Takes rows of what was to be read, as JSON text: all of them, or some and the others after them. Gives what is wrong, if anything. */
	lookAt(rows: string): string | undefined;
	/** Takes why what was to be read could not be: in words, by its code, and whether 3CX answered. */
	lookFailed(error: string, description: string, code: string, isAnswered: boolean): void;
	/** The same where 3CX refused the last log-in in these words, and none is to be tried for so many minutes. */
	lookRefused(error: string, description: string, minutes: number): void;
	/** A name for what is logged in with. It holds none of it. */
	loginName(credentials: string): string;
	/** One step of the look, as JSON text: what to read, a rest, or what was done. Its items are left to be taken. */
	lookOn(): string;
	/** The next ones of the items that were found, as JSON text; nothing if there are no more. */
	lookFound(): string | undefined;
	/** The documented events of the system, as JSON text. */
	systemEvents(): string;
	/** The template for 3CX, as JSON text in and out. */
	crmTemplate(input: string): string;
	/** What a post of 3CX's comes to, as JSON text in and out. */
	crmPost(input: string): string;
	/** What is wrong with a secret; empty if it can be used. */
	crmSecret(secret: string): string;
	/** The item, as JSON text, of a row that a core which broke down did not finish. */
	unfinished(row: number, reached: number, cause: string): string;
	/** The item, as JSON text, of a row of a run that could not begin. */
	notBegun(row: number, cause: string, advice?: string): string;
	/** What is told of the whole run then. */
	breakdownHint(lost: Uint32Array, done: Uint32Array | undefined, cause: string): string;
	/** `output` takes what each row gives, an item or a list of them. Tells whether there is a list. */
	execute(
		items: unknown[],
		credentials: unknown,
		options: unknown,
		logins: Logins,
		wire: Wire,
		files: Files,
		output: unknown[],
	): Promise<boolean>;
	memory: { buffer: ArrayBuffer };
}

export function compile(): unknown;
/** The same without keeping others waiting. */
export function compileAside(): Promise<unknown>;
export function create(
	module: unknown,
	host: { queueMicrotask: (task: () => void) => void },
): Instance;
