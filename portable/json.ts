/**
 * JSON text of a value of a row. It is walked here and not in the core, whose stack is small, and only as far as it is
 * of a size that can be sent; what refers to itself ends at the same limit. A number that is none would become null.
 *
 * What is undefined in the upper `blankDepth` levels is null: an expression on a blank cell gives it, and what is left out is
 * no blank.
 */
export function toJson(value: unknown, maxDepth: number, maxLength: number, blankDepth: number): string | undefined {
	const above: unknown[] = [];
	let left = maxLength;
	return JSON.stringify(value, function (this: unknown, key: string, part: unknown) {
		while (above.length > 0 && above[above.length - 1] !== this) above.pop();
		left -= key.length + (typeof part === 'string' ? part.length : 1);
		if (left < 0) throw new RangeError(`it is longer than ${maxLength} characters`);
		if (typeof part === 'number' && !Number.isFinite(part)) {
			throw new RangeError(`${key || 'it'} is ${part}, which is no number`);
		}
		if (typeof part === 'object' && part !== null && above.push(part) > maxDepth) {
			throw new RangeError(`it is nested more than ${maxDepth} deep`);
		}
		return part === undefined && above.length > 0 && above.length <= blankDepth ? null : part;
	});
}
