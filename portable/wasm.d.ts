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

export interface Instance {
	execute(
		items: unknown[],
		credentials: unknown,
		options: unknown,
		logins: Logins,
		output: unknown[],
	): Promise<void>;
	memory: { buffer: ArrayBuffer };
}

export function compile(): unknown;
export function create(
	module: unknown,
	host: { queueMicrotask: (task: () => void) => void },
): Instance;
