/** What a run comes to whose core broke down: no row is lost over it, nor said to be undone that may be done. */
import type { Item, Options } from './index';
import type { Instance } from './wasm';

/**
 * Gives the rows' items. `output` holds those of the rows that were finished; `reached` tells of each row whether its
 * own request was handed over (1) and with which status it was answered. `core` is another, sound one.
 */
export function brokenDown(
	cause: unknown,
	output: Array<Item | Item[]>,
	reached: Uint16Array,
	core: Instance,
	onHint: Options['onHint'],
): Item[] {
	const text = cause instanceof Error ? cause.message : String(cause);
	const lost: number[] = [];
	for (let row = 0; row < output.length; row++) {
		if (output[row] !== undefined) continue;
		if (reached[row] > 0) lost.push(row);
		output[row] = JSON.parse(core.unfinished(row, reached[row], text)) as Item;
	}
	// A listener's trouble is not the run's.
	void Promise.resolve()
		.then(() => onHint?.(core.breakdownHint(Uint32Array.from(lost), text), 'warning'))
		.catch(() => {});
	return output.flat();
}
