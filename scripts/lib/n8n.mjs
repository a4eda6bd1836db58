// A real n8n with the node from the tarball, in a folder of its own.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newest, oldest, tarball } from './install.mjs';
import { freePort, run, stop, until } from './run.mjs';
import { Services } from './services.mjs';

/** Who owns the n8n; there is no way in but the local one. */
export const owner = { email: 'owner@example.com', firstName: 'Olive', lastName: 'Owner', password: 'Simulated-1' };

/** For each n8n, a folder with its database and the node, ready to be copied. */
const prepared = new Map();

export class N8n {
	/** A fresh n8n. `files` is the one folder that its nodes may read and write. */
	static async create(version = newest) {
		if (!prepared.has(version)) prepared.set(version, prepare(version));
		const folder = mkdtempSync(join(tmpdir(), 'n8n-3cx-'));
		cpSync(await prepared.get(version), folder, { recursive: true });
		return new N8n(version, folder);
	}

	constructor(version, folder) {
		this.version = version;
		this.folder = folder;
		this.files = join(folder, 'files');
		mkdirSync(this.files, { recursive: true });
		this.log = '';
	}

	env(more) {
		return {
			N8N_USER_FOLDER: this.folder,
			N8N_ENCRYPTION_KEY: 'a-key-for-trying-out-only',
			N8N_RESTRICT_FILE_ACCESS_TO: this.files,
			N8N_DIAGNOSTICS_ENABLED: 'false',
			N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
			N8N_TEMPLATES_ENABLED: 'false',
			N8N_PERSONALIZATION_ENABLED: 'false',
			N8N_HIRING_BANNER_ENABLED: 'false',
			N8N_DYNAMIC_BANNERS_ENABLED: 'false',
			N8N_COMMUNITY_PACKAGES_ENABLED: 'true',
			N8N_SECURE_COOKIE: 'false',
			N8N_LISTEN_ADDRESS: '127.0.0.1',
			N8N_HOST: 'localhost',
			N8N_LOG_LEVEL: 'info',
			NODE_NO_WARNINGS: '1',
			...more,
		};
	}

	/** Runs a command of n8n's, such as `execute --id=1`. */
	async command(args, { title, env, file } = {}) {
		// The broker of n8n's task runners listens on a port of its own.
		const broker = String(await freePort());
		return await run(this.version.node, [this.version.binary, ...args], {
			title,
			file,
			cwd: this.folder,
			env: this.env({ N8N_RUNNERS_BROKER_PORT: broker, ...env }),
		});
	}

	/** Credentials and workflows as n8n exports them; both need an `id`. */
	async import({ credentials = [], workflows = [] }) {
		for (const [kind, entries] of [['credentials', credentials], ['workflow', workflows]]) {
			if (!entries.length) continue;
			const file = join(this.folder, `${kind}.json`);
			writeFileSync(file, JSON.stringify(entries));
			await this.command([`import:${kind}`, `--input=${file}`]);
		}
	}

	/** Runs a workflow by n8n's command line; gives the run's data, whether it went well or not. */
	async execute(id, options) {
		const file = join(this.folder, 'execution.txt');
		const all = { ...options, file };
		const { stdout } = await this.command(['execute', `--id=${id}`, '--rawOutput'], all).catch((error) => {
			if (!error.stdout?.includes('"resultData"')) throw error;
			return error;
		});
		const start = stdout.indexOf('{\n');
		return new Execution(JSON.parse(stdout.slice(start, stdout.lastIndexOf('}') + 1)).data.resultData);
	}

	/**
	 * Starts the server with the editor. With `workers`, in queue mode: they carry out all executions, over a Redis and
	 * a PostgreSQL that are started for them.
	 */
	async serve({ port, env, workers = 0 } = {}) {
		this.port = port ?? (await freePort());
		this.address = `http://localhost:${this.port}`;
		if (workers) this.services = await Services.start();
		this.all = { ...env, ...this.services?.env };
		await this.start();
		this.workers = await Promise.all(Array.from({ length: workers }, () => this.startWorker()));
	}

	/** Starts the server, for the first time or after it was stopped. */
	async start() {
		this.server = await this.#spawn(['start'], { ...this.all, N8N_PORT: String(this.port) });
		await this.#ready(this.server, 'Editor is now accessible');
		await this.#logIn();
	}

	/** Starts one more worker, in queue mode. */
	async startWorker() {
		const worker = await this.#spawn(['worker', '--concurrency=20'], this.all);
		await this.#ready(worker, 'n8n worker is now ready');
		return worker;
	}

	async #spawn(args, env) {
		const child = spawn(this.version.node, [this.version.binary, ...args], {
			cwd: this.folder,
			env: { ...process.env, ...this.env({ N8N_RUNNERS_BROKER_PORT: String(await freePort()), ...env }) },
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		child.log = '';
		for (const stream of [child.stdout, child.stderr]) {
			stream.on('data', (data) => {
				child.log += data;
				this.log += data;
			});
		}
		return child;
	}

	async #ready(child, text) {
		await until(() => child.log.includes(text) || child.exitCode !== null);
		if (child.exitCode !== null) throw new Error(`n8n did not start:\n${child.log.slice(-4000)}`);
	}

	async #logIn() {
		const setUp = await this.#send('POST', '/rest/owner/setup', owner);
		if (!setUp.ok) {
			const credentials = { emailOrLdapLoginId: owner.email, password: owner.password };
			const answer = await this.#send('POST', '/rest/login', credentials);
			if (!answer.ok) throw new Error(`n8n does not let its owner in: ${await answer.text()}`);
		}
	}

	async #send(method, path, body) {
		const answer = await fetch(this.address + path, {
			method,
			headers: { 'Content-Type': 'application/json', cookie: this.cookie ?? '', 'browser-id': 'tests' },
			body: body && JSON.stringify(body),
		});
		const cookie = answer.headers.getSetCookie().map((text) => text.split(';')[0]);
		if (cookie.length) this.cookie = cookie.join('; ');
		return answer;
	}

	/** Calls n8n's own interface; gives the data of the answer. */
	async rest(method, path, body) {
		const answer = await this.#send(method, `/rest${path}`, body);
		const text = await answer.text();
		if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
		return JSON.parse(text).data;
	}

	/** Makes a credential; gives what a node names it by. */
	async credential(type, data, name = type) {
		const { id } = await this.rest('POST', '/credentials', { name, type, data });
		return { id, name };
	}

	/** Tests a stored credential as the editor's button does: `{status, message}`. */
	async testCredential({ id }, type) {
		const { data, name } = await this.rest('GET', `/credentials/${id}?includeData=true`);
		return await this.rest('POST', '/credentials/test', { credentials: { id, name, type, data } });
	}

	/** Runs a workflow from its trigger, as the editor does, and waits for its end. */
	async runWorkflow(workflow) {
		return await this.execution(await this.startWorkflow(workflow));
	}

	/** Saves a new workflow; gives it as it is stored. */
	async saveWorkflow(workflow) {
		return await this.rest('POST', '/workflows', { name: 'Test', settings: {}, active: false, ...workflow });
	}

	/** Lets the triggers of a saved workflow start it. */
	async activate({ id, versionId }) {
		if (this.version === oldest) await this.rest('PATCH', `/workflows/${id}`, { active: true, versionId });
		else await this.rest('POST', `/workflows/${id}/activate`, { versionId });
	}

	/** Starts a workflow, saved or not, from its trigger, as the editor does; gives the execution's ID. */
	async startWorkflow(workflow) {
		const saved = workflow.id ? workflow : await this.saveWorkflow(workflow);
		const trigger = workflow.nodes.find(({ type }) => type.endsWith('Trigger'));
		const { executionId } = await this.rest('POST', `/workflows/${saved.id}/run`, {
			workflowData: saved,
			triggerToStartFrom: { name: trigger.name },
			startNodes: [],
		});
		return executionId;
	}

	/** Waits for the end of an execution. What it came to may be stored after that it has ended. */
	async execution(id) {
		const ended = async () => {
			const { finished, status, data } = await this.rest('GET', `/executions/${id}`);
			if (!finished && !['error', 'success', 'crashed', 'canceled'].includes(status)) return undefined;
			const { resultData } = unflatted(data) ?? {};
			const isStored = resultData?.error || Object.keys(resultData?.runData ?? {}).length > 0;
			return isStored || (status === 'canceled' && resultData) ? new Execution(resultData) : undefined;
		};
		return await until(ended, `Execution ${id} does not end`);
	}

	async stop() {
		await Promise.all((this.workers ?? []).map((worker) => stop(worker)));
		if (this.server) await stop(this.server);
		await this.services?.remove();
	}

	/** Stops, and takes away all traces. */
	async remove() {
		await this.stop();
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** What a run left behind. */
export class Execution {
	constructor(resultData) {
		this.resultData = resultData;
		this.error = resultData.error;
	}

	#run(node, run = 0) {
		return this.resultData.runData?.[node]?.[run];
	}

	/** Items of one of a node's outputs: 0 is success, 1 is the error output. */
	items(node, output = 0, run = 0) {
		return this.#run(node, run)?.data?.main?.[output] ?? [];
	}

	/** Their JSON. */
	json(node, output = 0, run = 0) {
		return this.items(node, output, run).map(({ json }) => json);
	}

	/** How long a node took. */
	seconds(node) {
		return this.#run(node)?.executionTime / 1000;
	}

	hints(node) {
		return (this.#run(node)?.hints ?? []).map(({ message }) => message);
	}
}

async function prepare(version) {
	const folder = mkdtempSync(join(tmpdir(), 'n8n-3cx-prepared-'));
	process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
	const nodes = join(folder, '.n8n/nodes/node_modules/n8n-nodes-3cx');
	mkdirSync(nodes, { recursive: true });
	await run('tar', ['-xzf', tarball(), '-C', nodes, '--strip-components=1']);
	const n8n = new N8n(version, folder);
	await n8n.command(['list:workflow'], { title: 'Preparing an n8n with the node in it' });
	return folder;
}

/** Reads the flat form in which n8n stores run data: a list whose members refer to each other by position. */
function unflatted(text) {
	if (typeof text !== 'string') return text;
	const members = JSON.parse(text);
	const known = new Map();
	const read = (index) => {
		if (known.has(index)) return known.get(index);
		const member = members[index];
		if (typeof member !== 'object' || member === null) return member;
		const value = Array.isArray(member) ? [] : {};
		known.set(index, value);
		for (const [key, entry] of Object.entries(member)) {
			value[key] = typeof entry === 'string' ? read(Number(entry)) : entry;
		}
		return value;
	};
	return read(0);
}
