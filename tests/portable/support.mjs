// The built module, and rows for it.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const { execute, isFailed } = require('../../dist/portable/index.js');
export const wasm = require('../../dist/portable/wasm.js');

/** Groups that the simulator has. */
export const ids = [28, 29, 31, 34, 35, 37, 40, 41, 43, 46, 47, 49];
export const key = (row) => `CNRY-KEYX-${String(Math.floor(row / 10000)).padStart(4, '0')}-${String(row % 10000).padStart(4, '0')}`;
export const rowsOf = (count) => ids.slice(0, count).map((groupId, row) => ({ json: { groupId, licenseKey: key(row) } }));

/** A fetch that answers at once. `answer` may say what: `{status, headers, body}`. */
export function instant(answer = () => ({})) {
	const requests = [];
	const fetch = async (url, init) => {
		requests.push({ url, ...init });
		const { status = 204, headers = {}, body = '' } = await answer(url, init);
		return { status, headers: { get: (name) => headers[name] ?? null }, text: async () => body, arrayBuffer: async () => Buffer.from(body) };
	};
	return { fetch, requests };
}

/** Does something at this time, as the clock shows it. */
export async function at(context, now, work) {
	context.mock.timers.enable({ apis: ['Date'], now });
	try {
		return await work();
	} finally {
		context.mock.timers.reset();
	}
}
