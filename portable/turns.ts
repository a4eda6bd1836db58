/** Walks over many rows that leave the event loop free for others. */

/** So many steps take a few milliseconds at most. */
const STRETCH = 1024;

/** Does something with each entry, and gives others a turn now and then. */
export async function each<T>(entries: T[], work: (entry: T, index: number) => void): Promise<void> {
	for (let index = 0; index < entries.length; index++) {
		work(entries[index], index);
		if (index % STRETCH === STRETCH - 1) await turn();
	}
}

/** All items in one list. */
export async function flat<T>(slots: Array<T | T[]>): Promise<T[]> {
	const items: T[] = [];
	const add = (item: T) => void items.push(item);
	await each(slots, (slot) => (Array.isArray(slot) ? slot.forEach(add) : add(slot)));
	return items;
}

export async function turn(): Promise<void> {
	const { port1, port2 } = new MessageChannel();
	await new Promise((resolve) => {
		port1.onmessage = resolve;
		port2.postMessage(null);
	});
	port1.close();
}
