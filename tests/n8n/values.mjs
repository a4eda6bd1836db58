// Values that a column may have.

export class Odd {
	x = 'inherited by a class';
}

/** Values that are read from the item, and values that n8n is asked for. */
export const plain = ['', 'text', '=1', '={{ 1 }}', '{{ $json.x }}', 'null', ' padded ', 'a\nb', 'ÄÖ 📞', '0012', 0, -1, 1.5, 2 ** 53, -1e-300, true, false, null];
export const special = [undefined, NaN, Infinity, -Infinity, 10n, new Date(0), [], [1, 'a'], {}, { y: 1 }, { y: { z: null } }, /x/, new Map(), '\ud800', 'a\0b', Symbol('s'), () => 1, new Odd()];
