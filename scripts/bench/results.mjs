// What was measured: cells, each with its rounds.

/** `place`: n8n, outside, or instant (outside, with a fetch that answers at once). `latency` in milliseconds. */
export const cell = (place, who, rows, latency) => ({ id: [place, who, rows, latency].join(), place, who, rows, latency });

export class Results {
	#rounds = new Map();

	add({ id }, measured) {
		this.#rounds.set(id, [...(this.#rounds.get(id) ?? []), measured]);
	}

	has = ({ id }) => this.#rounds.has(id);

	rounds({ id }) {
		return this.#rounds.get(id)?.length ?? 0;
	}

	/** The round that took the least time, of those that did all rows: what else the machine does is nobody's. */
	best({ id }) {
		return this.#rounds.get(id).toSorted((one, other) => other.done - one.done || one.seconds - other.seconds)[0];
	}

	/** Whether a round did all rows. */
	complete(of) {
		const { done, error } = this.best(of);
		return !error && (of.who === 'No Operation' || done === of.rows);
	}

	/** Net of n8n's start and of reading the file: what the same workflow takes when it ends in No Operation. */
	net(of, what = 'seconds') {
		const start = of.place === 'n8n' ? this.best(cell('n8n', 'No Operation', of.rows, 0))[what] : 0;
		return this.best(of)[what] - start;
	}

	/** Whether it took at least the PBX's waiting alone: less means that n8n's start was measured too long. */
	plausible(of) {
		const { requests, atOnce } = this.best(of);
		return of.latency === 0 || this.net(of) >= ((requests / atOnce) * of.latency) / 1000;
	}
}
