// Redis and PostgreSQL, which n8n's queue mode needs: on loopback, in a folder of their own, gone afterwards.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresBinary, redisBinary } from './install.mjs';
import { freePort, run, stop, until } from './run.mjs';

export class Services {
	static async start() {
		const services = new Services(mkdtempSync(join(tmpdir(), 'n8n-3cx-services-')));
		try {
			await services.#startPostgres();
			await services.#startRedis();
			return services;
		} catch (error) {
			await services.remove();
			throw error;
		}
	}

	constructor(folder) {
		this.folder = folder;
		this.children = [];
		this.log = '';
	}

	/** What n8n is told of them. */
	get env() {
		return {
			DB_TYPE: 'postgresdb',
			DB_POSTGRESDB_HOST: '127.0.0.1',
			DB_POSTGRESDB_PORT: String(this.postgresPort),
			DB_POSTGRESDB_DATABASE: 'postgres',
			DB_POSTGRESDB_USER: 'postgres',
			DB_POSTGRESDB_PASSWORD: 'for-trying-out-only',
			// n8n's own two connections are too few for twenty executions at once, and its pings give up on a busy machine.
			DB_POSTGRESDB_POOL_SIZE: '10',
			DB_PING_TIMEOUT_MS: '60000',
			EXECUTIONS_MODE: 'queue',
			OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS: 'true',
			QUEUE_BULL_REDIS_HOST: '127.0.0.1',
			QUEUE_BULL_REDIS_PORT: String(this.redisPort),
		};
	}

	async #startPostgres() {
		this.postgresPort = await freePort();
		const data = join(this.folder, 'postgres');
		const user = unprivileged();
		// PostgreSQL refuses to run as root, and its folder must be its own.
		if (user.uid !== undefined) chownSync(this.folder, user.uid, user.gid);
		await run(postgresBinary('initdb'), ['--pgdata', data, '--username', 'postgres', '--auth', 'trust'], { ...user, cwd: this.folder });
		const settings = { listen_addresses: '127.0.0.1', port: this.postgresPort, unix_socket_directories: '', fsync: 'off' };
		const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
		this.#spawn(postgresBinary('postgres'), ['-D', data, ...flags], user);
		await this.#ready('database system is ready to accept connections');
	}

	async #startRedis() {
		this.redisPort = await freePort();
		const flags = { port: this.redisPort, bind: '127.0.0.1', dir: this.folder, save: '', appendonly: 'no' };
		this.#spawn(redisBinary(), Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]));
		await this.#ready('Ready to accept connections');
	}

	#spawn(command, args, user) {
		const child = spawn(command, args, { ...user, cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
		for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (this.log += data));
		child.once('error', (error) => (this.log += error.message));
		this.children.push(child);
	}

	async #ready(text) {
		const child = this.children.at(-1);
		await until(() => this.log.includes(text) || child.exitCode !== null);
		if (child.exitCode !== null) throw new Error(`${child.spawnfile} did not start:\n${this.log.slice(-4000)}`);
	}

	/** Stops both, and takes away all traces. */
	async remove() {
		// PostgreSQL waits for its clients on SIGTERM, not on SIGINT.
		await Promise.all(this.children.map((child) => stop(child, 'SIGINT')));
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** Who runs PostgreSQL: its own user where the test runs as root. */
function unprivileged() {
	if (process.getuid() !== 0) return {};
	const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
	return { uid: id('-u'), gid: id('-g') };
}
