import type {
	IDataObject,
	IExecuteFunctions,
	ILoadOptionsFunctions,
	INode,
	INodeExecutionData,
	INodeListSearchItems,
	INodeListSearchResult,
	INodeProperties,
	INodePropertyOptions,
	INodeType,
	INodeTypeDescription,
	NodeExecutionHint,
	ResourceMapperField,
	ResourceMapperFields,
	ResourceMapperValue,
} from 'n8n-workflow';
import { NodeOperationError, tryToParseDateTime } from 'n8n-workflow';

import type { FailedRow, Item, Options } from '../../portable';
import { execute, formFields, isFailed } from '../../portable';
import { notBegun } from '../../portable/breakdown';
import { reader } from './columns';
import { connect, differing, transport } from './connection';
import { MAIN, authentication, credentialTypes } from './description';
import { memory } from './memory';
import properties from './properties.json';

export class Threecx implements INodeType {
	description: INodeTypeDescription = {
		displayName: '3CX',
		name: 'threecx',
		icon: { light: 'file:threecx.svg', dark: 'file:threecx.dark.svg' },
		group: ['transform'],
		// 1.1: Rows From is Input Columns unless chosen otherwise.
		version: [1, 1.1],
		defaultVersion: 1.1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Manage a 3CX phone system: license keys, users, queues, reports and everything else',
		defaults: { name: '3CX' },
		usableAsTool: true,
		inputs: [MAIN],
		outputs: [MAIN],
		credentials: credentialTypes,
		properties: [
			authentication,
			...(properties as INodeProperties[]),
		],
	};

	methods = {
		listSearch: { search },
		loadOptions: {
			getFilterFields: offered('filter'),
			getSelectFields: offered('select'),
			getExpandFields: offered('expand'),
		},
		resourceMapping: {
			getFields: mapped('fields'),
			getArguments: mapped('arguments'),
		},
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const hints: NodeExecutionHint[] = [];
		const failures = new Failures(this.getNode());
		const results = await run.call(this, hints, failures).catch(async (error: unknown) => {
			if (!this.continueOnFail()) throw error;
			// n8n would hand all rows on, as if they had been done.
			const items = await notBegun(this.getInputData().length, error);
			items.forEach((item) => failures.add(item));
			return items;
		});
		if (!this.continueOnFail()) failures.throwFirst(hints, this.getExecutionCancelSignal()?.aborted);
		// An AI agent's tool has none before n8n 1.119.
		this.addExecutionHints?.(...hints);
		return [results as INodeExecutionData[]];
	}
}

/** Runs all rows. Rejects only if nothing was sent. */
async function run(this: IExecuteFunctions, hints: NodeExecutionHint[], failures: Failures): Promise<Item[]> {
	const { parameters, retryOnFail, executeOnce } = this.getNode();
	const { resource, operation } = parameters as Record<string, string>;
	const settings = this.getNodeParameter('options', 0, {}) as RunSettings;
	const { credentials, ignoreSslIssues } = await connect.call(this);
	const otherCredential = await differing.call(this);
	const cancel = this.getExecutionCancelSignal();
	const sent = sentBefore.call(this, settings.skipDoneBefore === true, credentials.baseUrl);
	const results = await execute(this.getInputData(), credentials, {
		resource,
		operation,
		...form.call(this),
		uniform: varying(parameters.options),
		otherCredential,
		timezone: this.getTimezone(),
		concurrency: settings.requestsAtOnce,
		requestsPerSecond: settings.maxRequestsPerSecond,
		timeout: settings.timeout,
		// 0 means no limit in the form.
		deadline: Number(settings.deadline) === 0 ? undefined : settings.deadline,
		agent: isTool(this.getNode()),
		stopOnError: !this.continueOnFail(),
		retryOnFail: retryOnFail === true,
		sentBefore: sent.isAgain,
		inLoop: isInLoop.call(this),
		rowsThere: executeOnce ? this.getExecuteData().data.main[0]?.length : undefined,
		memory: memory.call(this),
		sent: sentRows.call(this),
		signal: cancel,
		fetch: transport.call(this, ignoreSslIssues),
		saveFile: async (bytes, fileName, mimeType) =>
			await this.helpers.prepareBinaryData(Buffer.from(bytes), fileName, mimeType),
		readFile: async (row, field) => await this.helpers.getBinaryDataBuffer(row, field),
		progressInterval: PROGRESS_INTERVAL,
		onProgress: ({ done, total, failed }) =>
			this.logger[done < total ? 'info' : 'debug'](
				`3CX: ${done} of ${total} rows processed, ${failed} failed`,
			),
		onChange: sent.note,
		onFailed: (item) => failures.add(item),
		onHint: (message, type) => {
			hints.push({ message, type, location: 'outputPane' });
			// n8n keeps nothing of what a stopped execution gives.
			if (cancel?.aborted) this.logger.warn(`3CX: ${message}`);
		},
	});
	// A retry runs an agent from its beginning, which may call the tool again, also several times at once.
	if (cancel?.aborted || isTool(this.getNode())) return results;
	if (this.continueOnFail() || !failures.any) sent.forget();
	else if (results.every(isUndone)) sent.restore();
	return results;
}

const isUndone = (item: Item) =>
	isFailed(item) && (item.json as unknown as FailedRow).details.outcome !== 'unknown';

/**
 * Whether this is n8n's *Retry* of an execution in which the node had sent changes: n8n keeps a node's context with its
 * execution, and hands it on. Where both remember rows that are done, and in the same memory, none is sent again.
 */
function sentBefore(this: IExecuteFunctions, isRemembered: boolean, address: string) {
	const context = this.getContext('node') as { sent?: Sent };
	const { sent } = context;
	const execution = this.getExecutionId();
	const node = this.getNode().id;
	const isDone = isRemembered && sent?.isRemembered && sent.node === node && sent.address === address;
	return {
		isAgain: sent !== undefined && sent.execution !== execution && !isDone,
		note: () => {
			context.sent = { execution, isRemembered, node, address };
		},
		/** n8n does not run the node again with these rows. */
		forget: () => {
			delete context.sent;
		},
		/** This run has sent nothing, but one before it may have. */
		restore: () => {
			if (sent) context.sent = sent;
			else delete context.sent;
		},
	};
}

/**
 * What this execution's runs of the node have sent: there are several where two connections lead into it, or its error output
 * leads back. n8n makes one context for each node and execution.
 */
function sentRows(this: IExecuteFunctions): Map<bigint, number> {
	const context = this.getContext('node');
	const execution = this.getExecutionId();
	const known = executions.get(context);
	// A retry is handed the context of what it retries.
	const runs = known && known.execution === execution ? known : { execution, rows: new Map<bigint, number>() };
	executions.set(context, runs);
	return runs.rows;
}

const executions = new WeakMap<object, { execution: string; rows: Map<bigint, number> }>();

/** Which execution has sent changes, and in which memory their rows are: n8n keeps one for each node, for rows of any PBX. */
interface Sent {
	execution: string;
	isRemembered: boolean;
	node: string;
	address: string;
}

/** Whether a loop over items leads through the node: each round hands some of the rows over. */
function isInLoop(this: IExecuteFunctions): boolean {
	const { name } = this.getNode();
	const after = new Set(this.getChildNodes(name).map((node) => node.name));
	return this.getParentNodes(name).some((node) => node.type === LOOP && !node.disabled && after.has(node.name));
}

const LOOP = 'n8n-nodes-base.splitInBatches';

/** Settings of the run that an expression may make another one in each row. */
function varying(options: unknown): string[] {
	const isWhole = typeof options === 'string';
	return SETTINGS.filter((name) => hasExpressions(isWhole ? options : (options as RunSettings | undefined)?.[name]));
}

const SETTINGS = ['requestsAtOnce', 'maxRequestsPerSecond', 'timeout', 'deadline'] as const;

interface RunSettings {
	skipDoneBefore?: boolean;
	requestsAtOnce?: number;
	maxRequestsPerSecond?: number;
	timeout?: number;
	deadline?: number;
}

/** Long runs say in n8n's log how far they have come, each so many milliseconds. */
const PROGRESS_INTERVAL = 10_000;

/** What is chosen once, for all rows. */
const OF_THE_RUN = ['authentication', 'resource', 'operation'];

/** What the forms are made of: an AI agent's tool has fields of n8n's beside them. */
const OF_THE_FORM = new Set(properties.map(({ name }) => name).filter((name) => !OF_THE_RUN.includes(name)));

/** What the earlier node saved by the API's names; the core gets it as `saved`. */
const SAVED = new Set(
	properties
		.filter(({ type, name }) => type === 'hidden' && !OF_THE_RUN.includes(name))
		.map(({ name }) => name),
);

function hasExpressions(parameter: unknown): boolean {
	return (JSON.stringify(parameter) ?? '').includes('"=');
}

/**
 * The values of the operation's form, options among them: for all rows, or made for each. What holds no expression is read
 * once, and what holds one when it is asked for: one that does not work is the trouble of whoever needs it.
 */
function form(this: IExecuteFunctions): Pick<Options, 'parameters' | 'fixed'> {
	const filled = Object.entries(this.getNode().parameters).filter(([name]) => OF_THE_FORM.has(name));
	const given = filled.filter(([name]) => !SAVED.has(name));
	const saved = filled.filter(([name, parameter]) => SAVED.has(name) && parameter !== '');
	if (saved.length > 0) given.push(['saved', Object.fromEntries(saved)]);
	const varying = given.filter(([, parameter]) => hasExpressions(parameter)).map(([name]) => name);
	const fixed = given.map(([name]) => name).filter((name) => !varying.includes(name));
	const { options: shared, ...same } = Object.fromEntries(fixed.map((name) => [name, value.call(this, name, 0)]));
	const once = guarded({ ...same, ...(shared as object | undefined) });
	if (varying.length === 0) return { parameters: once };
	const items = this.getInputData();
	const reads = given
		.filter(([name]) => varying.includes(name))
		.map(([name, own]) => [name, reader(own, items, (row) => value.call(this, name, row))] as const);
	const { options } = Object.fromEntries(reads);
	const own = reads.filter(([name]) => name !== 'options');
	const parameters = (row: number) => {
		const values = options ? guarded({ ...same, ...(options(row) as object | undefined) }) : { ...once };
		for (const [name, read] of own) {
			const get = GUARDS.includes(name) ? () => read(row) ?? '' : () => read(row);
			Object.defineProperty(values, name, { enumerable: true, get });
		}
		return values;
	};
	const collection = varying.includes('options') ? this.getNode().parameters.options : {};
	const chosen = typeof collection === 'object' ? Object.entries(collection as object) : [];
	const unvarying = chosen.filter(([, own]) => !hasExpressions(own)).map(([name]) => name);
	return { parameters, fixed: [...Object.keys(once), ...unvarying] };
}

/** Without these, more is sent. Where an expression for one came to nothing, blank text is refused; nothing would not be. */
const GUARDS = ['dryRun', 'ifMatch', 'isDryRun', 'skipDoneBefore', 'stopIfUnread'];

function guarded(values: Record<string, unknown>): Record<string, unknown> {
	for (const name of GUARDS) if (name in values) values[name] ??= '';
	return values;
}

function value(this: IExecuteFunctions, name: string, row: number): unknown {
	if (name === 'saved') {
		const own = this.getNode().parameters;
		// As the text of an untouched one is blank, an expression that came to nothing has to differ.
		const read = (one: string) => this.getNodeParameter(one, row, undefined) ?? (own[one] ? null : undefined);
		const entries = [...SAVED].map((one) => [one, read(one)] as const);
		return Object.fromEntries(entries.filter(([, given]) => given !== undefined));
	}
	const { mappingMode, schema, value: given } = (this.getNode().parameters[name] ?? {}) as Partial<ResourceMapperValue>;
	if (mappingMode === undefined) return this.getNodeParameter(name, row, undefined);
	if (mappingMode !== 'defineBelow') return { mappingMode, value: {} };
	// The editor keeps no value for a field that was added and left empty.
	const added = schema?.filter(({ removed }) => removed === false) ?? [];
	const empty = Object.fromEntries(added.map(({ id }) => [id, null]));
	// Asked like this, n8n does not give the values their types: of a blank it would make 0, or no.
	const chosen = given ? (this.getNodeParameter(`${name}["value"]`, row, {}) as IDataObject) : {};
	const values: IDataObject = { ...empty, ...chosen };
	for (const { id } of schema?.filter(({ id, type }) => type === 'dateTime' && isFilled(values[id])) ?? []) {
		values[id] = moment(String(values[id]), this.getTimezone()) as IDataObject[string];
	}
	return { mappingMode, value: values };
}

/** A day, a time of that day and its offset, year first. */
const MOMENT = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d?:\d\d(?::\d\d(?:\.\d+)?)?) ?([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/;

/**
 * A moment without an offset is in the workflow's time zone: unless told, n8n takes that of any workflow that ran last. Of
 * what is no date n8n makes one of its own: it stays as it is, and the core says so.
 */
function moment(text: string, zone: string): unknown {
	const [, day, clock = '00:00', offset = ''] = MOMENT.exec(text.trim()) ?? [];
	if (day === undefined) return text;
	try {
		const parsed = tryToParseDateTime(`${day}T${clock}${offset}`.toUpperCase().replace(/T(\d:)/, 'T0$1'), zone);
		return parsed.toISODate() === day ? parsed : text;
	} catch {
		return text;
	}
}

function isFilled(value: unknown): boolean {
	return typeof value === 'string' && value.trim() !== '';
}

/** What failed. Kept as it happens: a look through all rows at the end would keep n8n's other work waiting. */
class Failures {
	/** The first row that failed; first of all, one that was tried. */
	private first?: FailedRow;

	private readonly mark: NodeOperationError;

	get any(): boolean {
		return this.first !== undefined;
	}

	constructor(private readonly node: INode) {
		this.mark = new NodeOperationError(node, 'The row failed');
	}

	/**
	 * n8n before 2.34.4 knows failed rows with details only by `error`, for which newer ones replace the row's JSON. Both
	 * read it, but only the newer ones copy rows before they do that, and copies have what can be enumerated.
	 */
	add(item: Item) {
		if (this.node.onError === 'continueErrorOutput') {
			Object.defineProperty(item, 'error', { value: this.mark, writable: true, configurable: true });
		}
		const failed = item.json as unknown as FailedRow;
		// A dry run gives all rows, whatever On Error says.
		if (failed.details.dryRun) return;
		const isAgain = this.first?.details.row === failed.details.row;
		if (this.first === undefined || isAgain || rank(failed) < rank(this.first)) this.first = failed;
	}

	throwFirst(hints: NodeExecutionHint[], isCancelled = false) {
		// Rows that the time was too short for must not look as if they were done; a cancel is the person's own.
		if (this.first === undefined || (isCancelled && this.first.details.outcome === 'skipped')) return;
		const { error, message, details } = this.first;
		const itemIndex = details.row - 1;
		// An AI agent is handed either the description or the message, by its version.
		if (isTool(this.node)) throw failure(this.node, `${error}. ${message}`, { itemIndex });
		// Its own number: other rows may have given several items.
		const place = error.startsWith('Nothing was sent') ? '' : `Row ${details.row}: `;
		const description = [message, ...hints.map((hint) => hint.message)].join(' ');
		throw failure(this.node, `${place}${error}`, { itemIndex, description });
	}
}

/** An error with this message: n8n puts one of its own in its place where the text holds the name of a system's error. */
function failure(node: INode, message: string, options: { itemIndex?: number; description?: string }) {
	const error = new NodeOperationError(node, message, options);
	error.message = message;
	return error;
}

/** Whether an AI agent runs the node: n8n makes a node type of its own for that. */
function isTool({ type }: INode): boolean {
	return type?.endsWith('Tool');
}

function rank({ details }: FailedRow): number {
	return (details.outcome === 'skipped' ? 2 ** 32 : 0) + details.row;
}

/** One page of the entities that a person can choose from for the operation's key. */
async function search(
	this: ILoadOptionsFunctions,
	query?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	const { resource, operation } = chosen.call(this);
	const { credentials, ignoreSslIssues } = await connect.call(this);
	const skip = Number(paginationToken ?? 0);
	const found = await execute([{ json: {} }], credentials, {
		resource,
		operation,
		choices: true,
		parameters: { query, skip },
		fetch: transport.call(this, ignoreSslIssues),
	});
	const failed = found.find(isFailed)?.json as FailedRow | undefined;
	if (failed) {
		throw failure(this.getNode(), failed.error, { description: failed.message });
	}
	const results = found.map(({ json }) => json as unknown as INodeListSearchItems);
	return { results, paginationToken: results.length < PAGE_SIZE ? undefined : String(skip + PAGE_SIZE) };
}

function chosen(this: ILoadOptionsFunctions): { resource: string; operation: string } {
	return {
		resource: this.getCurrentNodeParameter('resource') as string,
		operation: this.getCurrentNodeParameter('operation') as string,
	};
}

/** Entries of a drop-down that the core knows by itself. */
function offered(part: 'filter' | 'select' | 'expand') {
	return async function (this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
		const { resource, operation } = chosen.call(this);
		return formFields(resource, operation, part) as INodePropertyOptions[];
	};
}

/** Fields of a mapper that the core knows by itself. */
function mapped(part: 'fields' | 'arguments') {
	return async function (this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
		const { resource, operation } = chosen.call(this);
		return { fields: formFields(resource, operation, part) as unknown as ResourceMapperField[] };
	};
}

/** The core gives this many choices at once. */
const PAGE_SIZE = 100;
