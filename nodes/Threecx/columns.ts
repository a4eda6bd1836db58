/**
 * Parameters whose expressions only name columns of the input, as dragging writes them: n8n's evaluation of such an
 * expression takes longer than all else of a row. What is not certain to be the same is left to n8n.
 */
import type { INodeExecutionData } from 'n8n-workflow';

type Json = INodeExecutionData['json'];
/** Gives a row's value, or `ASK_N8N`. */
type Read = (json: Json) => unknown;

const ASK_N8N = Symbol('ask n8n');

/** `{{ $json.x }}`, `{{ $json["x y"] }}`, `{{ $json['x'].y }}`: names without anything that could mean more. */
const COLUMN = /^=\{\{ *\$json((?:\.[A-Za-z_]\w*|\["[^"'`\\{}\p{C}\p{Zl}\p{Zp}]+"\]|\['[^"'`\\{}\p{C}\p{Zl}\p{Zp}]+'\])+) *\}\}$/u;
const NAME = /\.(\w+)|\["([^"]+)"\]|\['([^']+)'\]/g;

/**
 * Reads a parameter for one row after another; `evaluate` is n8n's own way. The first value that was read directly is
 * held against n8n's: where they differ, or n8n has none, all rows are n8n's.
 */
export function reader(
	parameter: unknown,
	items: INodeExecutionData[],
	evaluate: (row: number) => unknown,
): (row: number) => unknown {
	const read = direct(parameter);
	if (read === undefined) return evaluate;
	let isProven: boolean | undefined;
	return (row) => {
		if (isProven === false) return evaluate(row);
		const value = read(items[row].json);
		if (value === ASK_N8N) return evaluate(row);
		if (isProven) return value;
		isProven = false;
		const theirs = evaluate(row);
		isProven = JSON.stringify([theirs]) === JSON.stringify([value]);
		return theirs;
	};
}

/** Nothing where an expression means more than a column. */
function direct(parameter: unknown): Read | undefined {
	if (typeof parameter === 'string' && parameter.startsWith('=')) return column(parameter);
	if (typeof parameter !== 'object' || parameter === null) return () => parameter;
	// n8n gives a mapper's values their types.
	if ('mappingMode' in parameter) return undefined;
	const parts = Object.entries(parameter).map(([name, part]) => [name, direct(part)] as const);
	if (!parts.every((part): part is readonly [string, Read] => part[1] !== undefined)) return undefined;
	return (json) => {
		const values = parts.map(([name, read]) => [name, read(json)] as const);
		if (values.some(([, value]) => value === ASK_N8N)) return ASK_N8N;
		return Array.isArray(parameter) ? values.map(([, value]) => value) : Object.fromEntries(values);
	};
}

function column(expression: string): Read | undefined {
	const [, steps] = COLUMN.exec(expression) ?? [];
	if (steps === undefined) return undefined;
	const names = [...steps.matchAll(NAME)].map(([, name, double, single]) => name ?? double ?? single);
	// Names that every object has, and those by which n8n guards against reaching further than the data.
	if (names.some((name) => name in Object.prototype)) return undefined;
	return (json) => {
		let value: unknown = json;
		for (const name of names) {
			if (!isRecord(value) || !Object.prototype.hasOwnProperty.call(value, name)) return ASK_N8N;
			value = value[name];
		}
		return isPlain(value) ? value : ASK_N8N;
	};
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Dates, lists, objects and what is no JSON are changed on the way through n8n, now or in another version. */
function isPlain(value: unknown): boolean {
	if (typeof value === 'string') return !/\p{Cs}|\0/u.test(value);
	return value === null || typeof value === 'boolean' || Number.isFinite(value);
}
