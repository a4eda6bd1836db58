// Runs outside n8n, each in a process of its own (contestant.mjs), by the Node.js that n8n runs on.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { newest } from '../lib/install.mjs';
import { rowsOf } from './pbx.mjs';

const CONCURRENCY = 16;
/** The same work again in one process, for what does not wait: the engine compiles on the way. */
const REPEATS = 5;
const script = fileURLToPath(new URL('contestant.mjs', import.meta.url));

/** To the simulated PBX, in the cell's condition. */
export const overHttp = (cell, pbx) =>
	contest({ who: cell.who, rows: pbx.rows(cell.rows), credentials: pbx.credentials(cell), repeats: 1 }, pbx.env);

/** With a fetch that answers at once. */
export const instantly = ({ who, rows }) =>
	contest({
		who,
		rows: rowsOf(Array.from({ length: rows }, (_, row) => row + 1)),
		credentials: { baseUrl: 'https://pbx', accessToken: 'bench' },
		instant: true,
		repeats: REPEATS,
	});

function contest(task, env) {
	return new Promise((resolve, reject) => {
		const child = fork(script, { execPath: newest.node, env: { ...process.env, ...env } });
		child.once('message', resolve);
		child.once('error', reject);
		child.once('exit', (code) => code && reject(new Error(`${task.who} outside n8n ended with ${code}`)));
		child.send({ ...task, concurrency: CONCURRENCY });
	});
}
