// What the node offers, from node-definition.json as the crate `definition` has read and checked it.
import { execFileSync } from 'node:child_process';
import { root } from './run.mjs';

const command = ['xtask', 'operations'];
const text = execFileSync('cargo', command, { cwd: root, maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'inherit'] });

export const { version, resources, locators, types, enums } = JSON.parse(text);

/** All operations, each with its resource's value. */
export const operations = resources.flatMap(({ value: resource, operations }) =>
	operations.map((operation) => ({ resource, ...operation })),
);

/** Those of the newest 3CX itself. */
export const current = operations.filter(({ last, kind }) => !last && (!kind || kind === 'replaceGroupLicense'));
