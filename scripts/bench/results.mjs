// What was measured: cells, each with its rounds.

/** `place`: n8n, outside, or instant (outside, with a fetch that answers at once). `latency` in milliseconds. */
export const cell = (place, who, rows, latency) => ({ id: [place, who, rows, latency].join(), place, who, rows, latency });

/** The one in the middle, of an even number the lower one. */
export const middle = (list, value) => list.toSorted((one, other) => value(one) - value(other))[(list.length - 1) >> 1];

export class Results {
	#rounds = new Map();

	add({ id }, measured) {
		this.#rounds.set(id, [...(this.#rounds.get(id) ?? []), measured]);
	}

	has = ({ id }) => this.#rounds.has(id);

	rounds({ id }) {
		return this.#rounds.get(id)?.length ?? 0;
	}

	/** The round that took the median time, of those that did the most rows. */
	typical({ id }) {
		const rounds = this.#rounds.get(id);
		const most = Math.max(...rounds.map(({ done }) => done));
		return middle(rounds.filter(({ done }) => done === most), ({ seconds }) => seconds);
	}

	/** Whether all rows were done. */
	complete = (of) => {
		const { done, error } = this.typical(of);
		return !error && (of.who === 'No Operation' || done === of.rows);
	};

	/** CPU time, net of n8n's start and of reading the file: what the same workflow takes when it ends in No Operation. */
	cpu(of) {
		const start = of.place === 'n8n' ? this.typical(cell('n8n', 'No Operation', of.rows, 0)).cpu : 0;
		return this.typical(of).cpu - start;
	}
}
