import type {
	IExecuteFunctions,
	ILoadOptionsFunctions,
	INode,
	INodeExecutionData,
	INodeListSearchItems,
	INodeListSearchResult,
	INodeProperties,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';

import type { Item } from '../../portable';
import { execute } from '../../portable';
import { connect, transport } from './connection';
import properties from './properties.json';

export class Threecx implements INodeType {
	description: INodeTypeDescription = {
		displayName: '3CX',
		name: 'threecx',
		icon: { light: 'file:threecx.svg', dark: 'file:threecx.dark.svg' },
		group: ['transform'],
		version: [1],
		subtitle: '={{ $parameter["operation"] }}',
		description: 'Replace licence keys of groups and read the configuration of a 3CX phone system',
		defaults: { name: '3CX' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{
				name: 'threecxOAuth2Api',
				required: true,
				displayOptions: { show: { authentication: ['oAuth2'] } },
			},
			{
				name: 'threecxApi',
				required: true,
				displayOptions: { show: { authentication: ['accessToken'] } },
			},
		],
		properties: [
			{
				displayName: 'Authentication',
				name: 'authentication',
				type: 'options',
				noDataExpression: true,
				options: [
					{ name: 'OAuth2 (Client ID and API Key)', value: 'oAuth2' },
					{ name: 'Access Token', value: 'accessToken' },
				],
				default: 'oAuth2',
			},
			...(properties as INodeProperties[]),
		],
	};

	methods = { listSearch: { searchGroups } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const { resource, operation, rowsFrom } = this.getNode().parameters as Record<string, string>;
		const settings = this.getNodeParameter('options', 0, {}) as RunSettings;
		const { credentials, ignoreSslIssues } = await connect.call(this);
		const hints: string[] = [];
		const results = await execute(this.getInputData(), credentials, {
			resource,
			operation,
			// Columns are read from the items themselves: no expression is evaluated row by row.
			parameters: rowsFrom === 'columns' ? form.call(this, 0) : (row) => form.call(this, row),
			concurrency: settings.requestsAtOnce,
			requestsPerSecond: settings.maxRequestsPerSecond,
			timeout: settings.timeout,
			stopOnError: !this.continueOnFail(),
			signal: this.getExecutionCancelSignal(),
			fetch: transport.call(this, ignoreSslIssues),
			onProgress: ({ done, total }) => this.logger.debug(`3CX: ${done} of ${total} rows are done`),
			onHint: (hint) => hints.push(hint),
		});
		if (!this.continueOnFail()) {
			throwFirstFailure(this.getNode(), results, hints);
		}
		for (const message of hints) {
			this.addExecutionHints({ message, type: 'warning', location: 'outputPane' });
		}
		return [results as INodeExecutionData[]];
	}
}

interface RunSettings {
	requestsAtOnce?: number;
	maxRequestsPerSecond?: number;
	timeout?: number;
}

/** What is chosen once, for all rows. */
const OF_THE_RUN = ['authentication', 'resource', 'operation'];

/** The values of the operation's form for a row, options among them. */
function form(this: IExecuteFunctions, row: number): Record<string, unknown> {
	const names = Object.keys(this.getNode().parameters).filter((name) => !OF_THE_RUN.includes(name));
	const values = names.map((name) => [name, this.getNodeParameter(name, row)] as const);
	const { options, ...fields } = Object.fromEntries(values);
	return { ...fields, ...(options as object) };
}

function throwFirstFailure(node: INode, results: Item[], hints: string[]) {
	const failures = results.map(({ json }) => json as unknown as FailedRow);
	const itemIndex = failures.findIndex(({ error, details }) => error && details.outcome !== 'skipped');
	if (itemIndex < 0) return;
	const { error, message } = failures[itemIndex];
	throw new NodeOperationError(node, `Row ${itemIndex + 1}: ${error}`, {
		itemIndex,
		description: [message, ...hints].join(' '),
	});
}

interface FailedRow {
	error?: string;
	message?: string;
	details: { outcome: string };
}

async function searchGroups(
	this: ILoadOptionsFunctions,
	query?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	return await search.call(this, 'Groups', query, paginationToken);
}

/** One page of the entities of a resource that a person can choose from. */
async function search(
	this: ILoadOptionsFunctions,
	resource: string,
	query?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	const { credentials, ignoreSslIssues } = await connect.call(this);
	const skip = Number(paginationToken ?? 0);
	const found = await execute([{ json: {} }], credentials, {
		resource,
		operation: 'Search',
		parameters: { query, skip },
		fetch: transport.call(this, ignoreSslIssues),
	});
	const results = found.map(({ json }) => json as unknown as INodeListSearchItems & FailedRow);
	const [failure] = results.filter(({ error }) => error);
	if (failure) {
		throw new NodeOperationError(this.getNode(), failure.error ?? '', { description: failure.message });
	}
	return { results, paginationToken: results.length < PAGE_SIZE ? undefined : String(skip + PAGE_SIZE) };
}

/** The core gives this many choices at once. */
const PAGE_SIZE = 100;
