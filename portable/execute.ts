import { brokenDown } from './breakdown';
import { instantiate, ready } from './core';
import { toJson } from './json';
import { logins } from './logins';
import { flat } from './turns';
import type { Credentials, Item, Options } from './types';
import * as wire from './wire';

/**
 * Carries out one operation for every item; with two arguments it replaces the license key of each row's
 * `json.groupId` by `json.licenseKey`.
 *
 * Resolves to one item for each row, in order (lists may give several): a row that failed carries `json.error` (what
 * happened), `json.message` (what to do) and `json.details`. That is so even if the core breaks down: each row then says
 * whether it was sent. Rejects only if the call itself makes no sense; nothing was sent then.
 */
export async function execute(
	items: Item[],
	credentials: Credentials,
	options: Options = {},
): Promise<Item[]> {
	// As they are now: the caller's list may change during the run.
	const rows = items.slice();
	const output = new Array<Item | Item[]>(rows.length);
	const reached = new Uint16Array(rows.length);
	await ready();
	// Node would end a process whose run only waits for a wake-up; open ports keep it going.
	const channels = [new MessageChannel(), new MessageChannel()];
	const end = await new Promise<{ hasLists: boolean } | { cause: unknown }>((resolve, reject) => {
		// Tasks of the core that throw must fail this run, not the process.
		const queueMicrotask = (task: () => void) =>
			void Promise.resolve()
				.then(task)
				.catch((cause: unknown) => {
					requests.close();
					resolve({ cause });
				});
		const files = {
			save: async (bytes: ArrayBuffer, fileName: string, mimeType: string) =>
				await (options.saveFile ?? toBase64)(new Uint8Array(bytes), fileName, mimeType),
			read: options.readFile ?? (async (row: number, field: string) => fromBase64(rows[row], field)),
			form,
			toJson,
		};
		const requests = wire.over(channels, options, queueMicrotask, reached);
		instantiate(queueMicrotask)
			.execute(rows, credentials, options, logins, requests, files, output)
			.then((hasLists) => resolve({ hasLists }), reject);
	}).finally(() => channels.forEach(({ port1 }) => port1.close()));
	if ('cause' in end) return await brokenDown(end.cause, output, reached, () => instantiate(() => {}), options);
	return end.hasLists ? await flat(output) : (output as Item[]);
}

async function toBase64(bytes: Uint8Array, fileName: string, mimeType: string) {
	return { data: Buffer.from(bytes).toString('base64'), fileName, mimeType };
}

function fromBase64(item: Item, field: string): Uint8Array {
	const { data } = item.binary?.[field] as { data: string };
	return Buffer.from(data, 'base64');
}

async function form(bytes: Uint8Array<ArrayBuffer>, fileName: string, mimeType: string) {
	const data = new FormData();
	data.set('file', new Blob([bytes], { type: mimeType }), fileName);
	const written = new Response(data);
	return { type: written.headers.get('content-type') as string, body: new Uint8Array(await written.arrayBuffer()) };
}
