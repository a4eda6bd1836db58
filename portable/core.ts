import type { Instance } from './wasm';
import { compile, compileAside, create } from './wasm';

let compiled: unknown;
let compiling: Promise<unknown> | undefined;

/** Compiles the core without keeping others waiting. */
export async function ready(): Promise<void> {
	compiling ??= compileAside();
	try {
		compiled ??= await compiling;
	} catch (error) {
		// What failed once, such as for want of memory, is tried again by the next run.
		compiling = undefined;
		throw error;
	}
}

/** An instance of the core; its code is compiled once in a process. */
export function instantiate(queueMicrotask: (task: () => void) => void): Instance {
	compiled ??= compile();
	return create(compiled, { queueMicrotask });
}

let idle: Instance | undefined;

/** An instance for what the core knows by itself: nothing runs in it. */
export function describer(): Instance {
	return (idle ??= instantiate(() => {}));
}
