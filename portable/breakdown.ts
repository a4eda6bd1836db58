/**
 * What a run comes to that could not begin, or whose core broke down: no row is lost over it, nor said to be undone that
 * may be done.
 */
import type { Item, Options } from './types';
import { isFailed, type FailedRow } from './failed';
import { describer } from './core';
import { each, flat } from './turns';
import type { Instance } from './wasm';

/** The items of rows of which nothing was sent, because the run could not begin. */
export async function notBegun(count: number, cause: unknown): Promise<Item[]> {
	const { message, description } = Object(cause) as { message?: unknown; description?: unknown };
	const text = typeof message === 'string' ? message : String(cause);
	const advice = typeof description === 'string' && description !== text ? description : undefined;
	const items = new Array<Item>(count);
	await each(items, (_, row) => {
		items[row] = JSON.parse(describer().notBegun(row, text, advice)) as Item;
	});
	return items;
}

/**
 * Gives the rows' items. `output` holds those of the rows that were finished; `reached` tells of each row whether its
 * own request was handed over (1) and with which status it was answered. `another`: makes a sound core.
 */
export async function brokenDown(
	cause: unknown,
	output: Array<Item | Item[]>,
	reached: Uint16Array,
	another: () => Instance,
	{ stopOnError, onFailed, onHint }: Options,
): Promise<Item[]> {
	const text = cause instanceof Error ? cause.message : String(cause);
	const core = made(another);
	const lost: number[] = [];
	const done: number[] = [];
	// A listener's trouble is not the run's.
	const tell = (listener: () => void) => void Promise.resolve().then(listener).catch(() => {});
	await each(output, (slot, row) => {
		if (slot !== undefined) {
			const [item] = Array.isArray(slot) ? slot : [slot];
			if (!item || !isFailed(item)) done.push(row);
			else if ((item.json as unknown as FailedRow).details.outcome === 'unknown') lost.push(row);
			return;
		}
		if (reached[row] > 0) lost.push(row);
		const item = core ? (JSON.parse(core.unfinished(row, reached[row], text)) as Item) : unworded(row, reached[row], text);
		output[row] = item;
		if (onFailed) tell(() => onFailed(item));
	});
	// Who stops at a failed row throws the items away.
	const unseen = stopOnError === true ? Uint32Array.from(done) : undefined;
	const hint = () => core?.breakdownHint(Uint32Array.from(lost), unseen, text) ?? unwordedHint(lost, done, text);
	tell(() => onHint?.(hint(), 'warning'));
	return await flat(output);
}

/** Where memory has run out, there may be none for another core either. */
function made(another: () => Instance): Instance | undefined {
	try {
		return another();
	} catch {
		return undefined;
	}
}

/** What a row comes to that no core is left to find words for: the least that must not be lost. */
function unworded(row: number, reached: number, cause: string): Item {
	const outcome = reached > 0 ? 'unknown' : 'notSent';
	const message = reached > 0 ? 'Look in 3CX whether it was done before you run it again.' : 'Nothing was changed by this row: run it again.';
	const details = { row: row + 1, outcome, code: 'BROKEN_DOWN' };
	return { json: { error: `The core broke down (${cause})`, message, details }, pairedItem: { item: row } };
}

/** So many rows are named. */
const MOST_NAMED = 1000;

function unwordedHint(lost: number[], done: number[], cause: string): string {
	const more = (list: number[]) => (list.length > MOST_NAMED ? ` and ${list.length - MOST_NAMED} more` : '');
	const rows = (list: number[]) => list.slice(0, MOST_NAMED).map((row) => row + 1).join(', ') + more(list) || 'none';
	return `The core broke down (${cause}). Rows that may have been carried out: ${rows(lost)}. Rows that were done: ${rows(done)}.`;
}
