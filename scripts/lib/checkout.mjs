// What a checkout holds: git's files, and those that git would take for new.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Each file that is there, with the hash of its content. */
export function snapshot(folder) {
	const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
	const listed = execFileSync('git', args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 });
	const names = listed.split('\0').filter((name) => name && existsSync(join(folder, name)));
	return new Map(names.map((name) => [name, createHash('sha256').update(readFileSync(join(folder, name))).digest('hex')]));
}

/** Names of the files that are other in one snapshot than in another. */
export function changes(before, after) {
	const names = new Set([...before.keys(), ...after.keys()]);
	return [...names].filter((name) => before.get(name) !== after.get(name));
}
