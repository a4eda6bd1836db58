// What a new machine lacks: build tools, the tarball, the simulator, each n8n with its Node.js.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, run } from './run.mjs';

/** An n8n by the folder whose lock file names it, and the Node.js that it runs on. */
const version = (folder) => ({
	folder: join(root, folder),
	node: join(root, folder, 'node_modules/node/bin/node'),
	binary: join(root, folder, 'node_modules/n8n/bin/n8n'),
});
export const newest = version('tests/n8n');
export const oldest = version('tests/oldest');
export const simulatorBinary = join(root, 'target/release/threecx-simulator');
const cache = join(root, '.cache');
// `npm install`, not `npm ci`: the lock files name builds for other systems that some registries do not carry, and
// `npm ci` refuses such lists. Versions are taken from the lock files all the same, which `--no-save` leaves as they are.
const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];

/** Does something once for each state of a lock file. */
async function once(folder, work) {
	const lock = createHash('sha256').update(readFileSync(join(folder, 'package-lock.json'))).digest('hex');
	const stamp = join(folder, 'node_modules/.installed');
	if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
	await work();
	writeFileSync(stamp, lock);
}

/** TypeScript, n8n's linter and scanner, the driver of the browser. */
export const installTools = () =>
	once(root, () =>
		run('npm', ['install', '--no-save', '--ignore-scripts', ...quiet], {
			title: 'Installing build tools (about a minute)',
		}),
	);

/** Prism and Ajv, which judge requests. */
export const installJudges = () =>
	once(join(root, 'tests/operations'), () =>
		run('npm', ['install', '--no-save', '--ignore-scripts', ...quiet], {
			cwd: join(root, 'tests/operations'),
			title: 'Installing the judges of requests',
		}),
	);

/** What generates the node that ours is measured beside. */
export const installGenerator = () =>
	once(join(root, 'scripts/bench'), () =>
		run('npm', ['install', '--no-save', '--ignore-scripts', ...quiet], {
			cwd: join(root, 'scripts/bench'),
			title: 'Installing the generator of a node to measure beside ours',
		}),
	);

/** An n8n of a lock file, and Node.js for it. */
export const installN8n = ({ folder } = newest) =>
	once(folder, async () => {
		const options = { cwd: folder };
		const { n8n, node } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).dependencies;
		await run('npm', ['install', '--no-save', '--ignore-scripts', '--yes', ...quiet], {
			...options,
			title: `Installing n8n ${n8n} (about three minutes)`,
		});
		await run('npm', ['rebuild', 'node', '--yes', ...quiet], { ...options, title: `Fetching Node.js ${node}` });
		const driver = join(folder, 'node_modules/sqlite3');
		const built = join(driver, 'build/Release/node_sqlite3.node');
		const kept = join(cache, `sqlite3-${JSON.parse(readFileSync(join(driver, 'package.json'), 'utf8')).version}.node`);
		// Made for Node-API, it serves every n8n and Node.js.
		if (existsSync(kept)) {
			mkdirSync(dirname(built), { recursive: true });
			cpSync(kept, built);
			return;
		}
		await run('npm', ['rebuild', 'sqlite3', '--yes', ...quiet], { ...options, title: 'Compiling its database driver (about a minute)' });
		mkdirSync(cache, { recursive: true });
		cpSync(built, kept);
	});

const postgresVersions = '/usr/lib/postgresql';

/** A program of the newest PostgreSQL that is installed: Debian does not put them on the path. */
export function postgresBinary(name) {
	const versions = existsSync(postgresVersions) ? readdirSync(postgresVersions) : [];
	const newest = versions.toSorted((one, other) => Number(one) - Number(other)).at(-1);
	const binary = newest && join(postgresVersions, newest, 'bin', name);
	return binary && existsSync(binary) ? binary : undefined;
}

export function redisBinary() {
	return ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find(existsSync);
}

/** What n8n's queue mode needs, from Debian. */
export async function installServices() {
	const missing = [!redisBinary() && 'redis-server', !postgresBinary('initdb') && 'postgresql'].filter(Boolean);
	if (!missing.length) return;
	const packages = missing.join(' ');
	if (process.getuid() !== 0 || !existsSync('/usr/bin/apt-get')) {
		throw new Error(`The tests of n8n's queue mode need ${packages}: install them (as root: apt-get install ${packages}) and run this again.`);
	}
	const options = { env: { DEBIAN_FRONTEND: 'noninteractive' } };
	await run('apt-get', ['update', '--quiet'], { ...options, title: "Reading Debian's list of packages" });
	await run('apt-get', ['install', '--yes', '--no-install-recommends', ...missing], { ...options, title: `Installing ${packages}` });
}

export const buildSimulator = () =>
	run('cargo', ['build', '--quiet', '--release', '-p', 'threecx-simulator'], {
		title: 'Compiling the simulator (about a minute the first time)',
	});

/** Builds dist/ and packs it; gives the tarball's path. */
export async function buildTarball() {
	await run(process.execPath, ['scripts/build.mjs'], { echo: true });
	mkdirSync(cache, { recursive: true });
	for (const old of readdirSync(cache).filter((name) => name.endsWith('.tgz'))) rmSync(join(cache, old));
	await run('npm', ['pack', '--silent', '--pack-destination', cache]);
	return tarball();
}

/** The tarball that was built last. */
export function tarball() {
	const name = existsSync(cache) && readdirSync(cache).find((file) => file.endsWith('.tgz'));
	if (!name) throw new Error('There is no tarball yet: run npm start or npm test, which build it.');
	return join(cache, name);
}
