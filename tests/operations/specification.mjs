// 3CX's own OpenAPI files, where this machine has them: they are not part of the project.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../../scripts/lib/run.mjs';

/** The OpenAPI files of a folder, the newest first. */
function files(folder) {
	const version = (name) => Number(/20\.0\.(\d+)/.exec(name)?.[1]);
	return readdirSync(folder)
		.filter((name) => /^xapi-[\d.]+\.yaml$/.test(name))
		.sort((one, other) => version(other) - version(one))
		.map((name) => join(folder, name));
}

/** The folder that XAPI_SPECIFICATIONS names, or those called `spec` in a folder beside the project. */
function folders() {
	const named = process.env.XAPI_SPECIFICATIONS;
	if (named) return [named];
	const beside = dirname(root);
	return readdirSync(beside)
		.map((name) => join(beside, name, 'spec'))
		.filter((path) => existsSync(path));
}

/** Path of the newest, such as `xapi-20.0.10.yaml`; undefined where there is none. */
export const [specification] = folders().flatMap(files);
