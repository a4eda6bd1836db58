// 3CX's own OpenAPI files, where this machine has them: they are not part of the project.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../../scripts/lib/run.mjs';

/** The folder that XAPI_SPECIFICATIONS names, or one called `spec` in a folder beside the project. */
function folder() {
	const named = process.env.XAPI_SPECIFICATIONS;
	if (named) return named;
	const beside = dirname(root);
	const folders = readdirSync(beside, { withFileTypes: true }).filter((entry) => entry.isDirectory());
	return folders.map(({ name }) => join(beside, name, 'spec')).find((path) => existsSync(join(path, 'availability.json')));
}

const found = folder();
const version = (name) => Number(/20\.0\.(\d+)/.exec(name)?.[1]);

/** `{specifications, availability}`, the newest first; undefined where there are none. */
export const specification = found && {
	specifications: readdirSync(found)
		.filter((name) => /^xapi-[\d.]+\.yaml$/.test(name))
		.sort((one, other) => version(other) - version(one))
		.map((name) => join(found, name)),
	availability: join(found, 'availability.json'),
};
