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
		let isBroken = false;
		// Tasks of the core that throw must fail this run, not the process. It does nothing more then.
		const queueMicrotask = (task: () => void) =>
			void Promise.resolve()
				.then(() => isBroken || task())
				.catch((cause: unknown) => {
					isBroken = true;
					requests.close();
					resolve({ cause });
				});
		const files = {
			save: async (bytes: ArrayBuffer, fileName: string, mimeType: string) =>
				await (options.saveFile ?? toBase64)(new Uint8Array(bytes), fileName, mimeType),
			read: async (row: number, field: string) =>
				options.readFile ? bytesOf(await options.readFile(row, field)) : fromBase64(rows[row], field),
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

/** The file itself: what is uploaded in its place would be taken for it. Others than `readFile`'s type allows come too. */
function bytesOf(file: unknown): Uint8Array {
	const kind = Object.prototype.toString.call(file);
	if (kind !== '[object Uint8Array]' && kind !== '[object ArrayBuffer]') throw new TypeError('no bytes');
	const bytes = file instanceof Uint8Array ? file : new Uint8Array(file as ArrayBuffer);
	if (bytes.byteLength === 0) throw new TypeError('an empty file');
	return bytes;
}

/** n8n keeps a file elsewhere where it gives an `id`; `data` is no base64 then, or looks like it by chance. */
function fromBase64(item: Item, field: string): Uint8Array {
	const { data, id } = item.binary?.[field] as { data?: unknown; id?: unknown };
	if (typeof data !== 'string' || id !== undefined) throw new TypeError('no base64');
	const bytes = bytesOf(Buffer.from(data, 'base64'));
	if (Buffer.from(bytes).toString('base64') !== data) throw new TypeError('no base64');
	return bytes;
}

async function form(bytes: Uint8Array<ArrayBuffer>, fileName: string, mimeType: string) {
	const data = new FormData();
	data.set('file', new Blob([bytes], { type: mimeType }), fileName);
	const written = new Response(data);
	return { type: written.headers.get('content-type') as string, body: new Uint8Array(await written.arrayBuffer()) };
}
