import type { IExecuteFunctions } from 'n8n-workflow';

import type { Memory } from '../../portable';

/**
 * What n8n keeps for a node: two texts for each row. It reads and writes all of them at every call, and forgets the oldest
 * first, even those of rows that every run has had again: so there is room for many more than a sheet has.
 */
const CAPACITY = 100_000;

/** What is being done for each node. n8n reads, then writes: calls that overlap would undo each other. */
const turns = new Map<string, Promise<unknown>>();

/** The texts that n8n keeps for this node, in its database; nothing where n8n is too old for it. */
export function memory(this: IExecuteFunctions): Memory | undefined {
	if (!this.helpers.checkProcessedAndRecord || !this.helpers.removeProcessed) return undefined;
	const options = { mode: 'entries', maxEntries: CAPACITY } as const;
	const key = `${this.getWorkflow().id} ${this.getNode().id}`;
	return {
		capacity: CAPACITY,
		remember: async (texts) =>
			await inTurn(key, async () => {
				const found = await this.helpers.checkProcessedAndRecord(texts, 'node', options);
				const known = new Map([...found.new.map(isNew), ...found.processed.map(isKnown)]);
				return texts.map((text) => known.get(text) as boolean);
			}),
		forget: async (texts) =>
			await inTurn(key, async () => await this.helpers.removeProcessed(texts, 'node', options)),
	};
}

const isNew = (text: unknown) => [text, false] as const;
const isKnown = (text: unknown) => [text, true] as const;

function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
	const turn = (turns.get(key) ?? Promise.resolve()).then(work, work);
	const end = () => {
		if (turns.get(key) === turn) turns.delete(key);
	};
	turns.set(key, turn);
	turn.then(end, end);
	return turn;
}
