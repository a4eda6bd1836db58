// The module that `cargo xtask wasm` makes from the Rust core.

export interface Answer {
	status: number;
	body: string;
	/** When it came, in milliseconds since 1970. */
	at: number;
}

export interface Logins {
	logIn(key: string, stale: unknown, fetch: unknown, url: string, init: unknown): Promise<Answer>;
}

export interface Wire {
	/**
	 * Sends a request: `kind` is what many have in common, without body and signal. `settled` is told once what came of
	 * it: an answer, or why there is none. Gives what gives the request up.
	 */
	start(
		send: unknown,
		url: string,
		kind: unknown,
		body: unknown,
		ticket: number,
		settled: (ticket: number, isAnswer: boolean, value: unknown) => void,
	): AbortController;
}

export interface Files {
	save(bytes: ArrayBuffer, fileName: string, mimeType: string): Promise<unknown>;
	read(row: number, field: string): Promise<Uint8Array>;
}

export interface Instance {
	/** What a part of an operation's form offers, as JSON text. */
	offers(resource: string, operation: string, part: string): string;
	execute(
		items: unknown[],
		credentials: unknown,
		options: unknown,
		logins: Logins,
		wire: Wire,
		files: Files,
		output: unknown[],
	): Promise<void>;
	memory: { buffer: ArrayBuffer };
}

export function compile(): unknown;
export function create(
	module: unknown,
	host: { queueMicrotask: (task: () => void) => void },
): Instance;
