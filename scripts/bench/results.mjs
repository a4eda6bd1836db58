// What was measured: cells, each with its rounds.

/** A PBX has as many groups as there are rows, and no fewer than this. */
const GROUPS = 1100;

/**
 * `place`: n8n, outside, or instant (outside, with a fetch that answers at once). `latency`: milliseconds that the PBX takes
 * for each answer; `tls`: those that the wire takes each way, without which it is plain HTTP on this machine.
 */
export function cell(place, who, rows, { latency = 0, tls, groups = Math.max(rows, GROUPS) } = {}) {
	return { id: [place, who, rows, latency, tls, groups].join(), place, who, rows, latency, tls, groups };
}

/** How a cell's condition is told. */
export const condition = ({ latency, tls }) =>
	tls === undefined ? `plain HTTP, ${latency} ms for each answer` : `TLS, ${tls} ms each way`;

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
		const start = of.place === 'n8n' ? this.typical(cell('n8n', 'No Operation', of.rows)).cpu : 0;
		return this.typical(of).cpu - start;
	}
}
