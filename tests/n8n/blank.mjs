// What is left blank never makes a call wider, as n8n-core reads the form: run by blank.test.mjs, by the Node.js of n8n.
// Every value comes from a column of the input, by an expression.
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { blanks, sender } from '../operations/blank.mjs';
import { row } from '../operations/samples.mjs';

const require = createRequire(import.meta.url);
const { Threecx } = require('../../dist/nodes/Threecx/Threecx.node.js');
const { formFields } = require('../../dist/portable/index.js');
const { Workflow } = require('n8n-workflow');
const { ExecuteContext } = require('n8n-core');

const nodeType = new Threecx();
const nodeTypes = { getByName: () => nodeType, getByNameAndVersion: () => nodeType, getKnownTypes: () => ({}) };
const optional = new Set(nodeType.description.properties.filter(({ name }) => name === 'options').flatMap(({ options }) => options.map(({ name }) => name)));

/** What a person chooses from a list, in the editor. */
const CHOSEN = ['bodyFrom', 'emptyValues', 'mappingMode', 'mode', '__rl', 'output', 'simplify'];
const isGroup = (value) => ['mappingMode', '__rl'].some((name) => name in Object(value));

/** A form whose values are expressions that name columns, and the columns. */
function mapped(form) {
	const columns = {};
	const column = (value, path) => {
		columns[path] = value;
		return `={{ $json[${JSON.stringify(path)}] }}`;
	};
	const parameter = (value, path) => {
		const name = path.split('/').at(-1);
		if (CHOSEN.includes(name)) return value;
		if (!isGroup(value)) return column(value, path);
		return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, part?.constructor === Object && name === 'value' && 'mappingMode' in value ? each(part, `${path}/${name}`) : parameter(part, `${path}/${name}`)]));
	};
	const each = (values, path) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, column(value, `${path}/${name}`)]));
	const parameters = Object.fromEntries(Object.entries(form).map(([name, value]) => [name, parameter(value, name)]));
	return { parameters, columns };
}

const sent = sender({
	structure: (form) => JSON.stringify(mapped(form).parameters),
	async execute({ resource, value: operation }, forms, answer) {
		const [{ parameters }] = forms.map(mapped);
		const items = forms.map((form) => ({ ...row, json: mapped(form).columns }));
		const options = { requestsAtOnce: 1 };
		const given = { authentication: 'accessToken', resource, operation, options };
		for (const [name, value] of Object.entries(parameters)) {
			if (['fields', 'arguments'].includes(name) && isGroup(value)) value.schema = formFields(resource, operation, name);
			(optional.has(name) ? options : given)[name] = value;
		}
		const settings = { id: '1', name: '3CX', type: 'n8n-nodes-3cx.threecx', typeVersion: 1.1, position: [0, 0], onError: 'continueRegularOutput' };
		const workflow = new Workflow({ id: 'w', nodes: [{ ...settings, parameters: given }], connections: {}, active: false, nodeTypes });
		const node = workflow.getNode('3CX');
		const inputs = { main: [items] };
		const data = { resultData: { runData: {} }, executionData: { contextData: {} } };
		const context = new ExecuteContext(workflow, node, {}, 'manual', data, 0, items, inputs, { data: inputs, node, source: null }, []);
		context.getCredentials = async () => ({ baseUrl: 'https://pbx.example.com', accessToken: 't' });
		Object.defineProperty(context, 'logger', { value: { info() {}, debug() {}, warn() {} } });
		context.helpers = {
			...context.helpers,
			httpRequest: async (request) => {
				const { status, body } = await answer(request);
				return { statusCode: status, headers: {}, body: Readable.from([Buffer.from(body)]) };
			},
			getBinaryDataBuffer: async () => Buffer.from('RIFF'),
		};
		const [results] = await nodeType.execute.call(context);
		return results;
	},
});

// Of each kind that n8n may convert to something, one.
blanks(sent, [undefined, null, '', [], {}]);
