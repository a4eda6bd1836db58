import type { Instance } from './wasm';
import { compile, compileAside, create } from './wasm';

let compiled: unknown;
let compiling: Promise<void> | undefined;

/** Compiles the core without keeping others waiting. */
export async function ready(): Promise<void> {
	if (compiled) return;
	compiling ??= compileAside()
		.then((module) => void (compiled = module))
		// What failed, such as for want of memory, is tried again by the next run.
		.finally(() => (compiling = undefined));
	await compiling;
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
