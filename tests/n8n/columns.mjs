// Holds what the node reads from the item itself against n8n's own evaluation, by the engine that is named: run by
// columns.test.mjs, by the Node.js that n8n's engine is built for.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Odd, plain, special } from './values.mjs';

const require = createRequire(import.meta.url);
const { reader } = require('../../dist/nodes/Threecx/columns.js');
const { Expression, Workflow } = require('n8n-workflow');
const { ExecuteContext } = require('n8n-core');
const { DateTime } = require('luxon');

const nodeType = { description: { properties: [{ name: 'p', type: 'string', default: '' }] } };
const nodeTypes = { getByName: () => nodeType, getByNameAndVersion: () => nodeType, getKnownTypes: () => ({}) };

/** n8n's own way to the parameter `p` of a node with these items. */
function n8n(parameter, items) {
	const node = { id: '1', name: 'Node', type: 'test', typeVersion: 1, position: [0, 0], parameters: { p: parameter } };
	const workflow = new Workflow({ id: 'w', nodes: [node], connections: {}, active: false, nodeTypes });
	const inputs = { main: [items] };
	const data = { resultData: { runData: {} } };
	const executeData = { data: inputs, node, source: null };
	const context = new ExecuteContext(workflow, node, {}, 'manual', data, 0, items, inputs, executeData, []);
	return { workflow, items: context.getInputData(), evaluate: (row) => context.getNodeParameter('p', row, undefined) };
}

const attempt = (work) => {
	try {
		return { value: work() };
	} catch (error) {
		return { error: error.message };
	}
};

const own = (name, value) => Object.defineProperty({}, name, { value, enumerable: true, configurable: true, writable: true });
const names = ['x y', 'Größe', 'a-b', '1', 'x.y', 'json', 'length', '$json', 'class', 'caller', 'arguments', 'binding', 'name', '日本'];
const guarded = ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'mainModule', 'getPrototypeOf', '__sanitize', '___n8n_data'];

/** Each parameter with the rows that it is tried on. */
function* cases() {
	const values = [...plain, ...special, DateTime.fromMillis(0)];
	for (const [parameter, some] of [['={{ $json.x }}', values], ['={{$json.x}}', [1]], ['={{ $json["x"] }}', ['a']], ["={{ $json['x'] }}", [null]]]) {
		yield [parameter, [...some.map((x) => ({ json: { x } })), { json: {} }, {}, { json: null }, { json: [] }, { json: 'x' }, { json: new Odd() }, { json: Object.create({ x: 1 }) }, { json: Object.assign(Object.create(null), { x: 1 }) }, { json: { x: 2 }, pairedItem: 7, binary: {} }]];
	}
	for (const name of [...names, ...guarded]) {
		const rows = [{ json: own(name, 'text') }, { json: own(name, 7) }, { json: {} }];
		yield [`={{ $json["${name}"] }}`, rows];
		yield [`={{ $json.${name} }}`, rows];
		yield [`={{ $json.a['${name}'] }}`, [...rows.map(({ json }) => ({ json: { a: json } })), { json: { a: 'text' } }]];
	}
	for (const [parameter, some] of [['={{ $json.a.b }}', values], ['={{ $json["a"][\'b\'] }}', ['a', 1]]]) {
		yield [parameter, [...some.map((b) => ({ json: { a: { b } } })), ...some.map((a) => ({ json: { a } }))]];
	}
	const nested = { __rl: true, mode: 'id', value: '={{ $json.x }}', list: ['={{ $json.y }}', 1, null, 'text'], empty: {} };
	yield [nested, [...values.map((x) => ({ json: { x, y: 1 } })), { json: { x: 1 } }]];
	for (const parameter of ['={{ $json.x }} ', '= {{ $json.x }}', '={{ $json.x }}{{ $json.x }}', '={{ $json.x.trim() }}', '={{ $json.x || 1 }}', '={{ $json.x?.y }}', '={{ $json["x" + "y"] }}', '={{ $json["\\x78"] }}', '={{ $json[`x`] }}', '=$json.x', '={{ $jsonx }}', '={{ $json }}', '={{ $json["x}}"] }}', '={{ $json["a. constructor"] }}', '=text', '={{ $json.x; }}', '={{ $json.x //', '={{ $json. x }}', '={{ $json\n.x }}']) {
		yield [parameter, [{ json: { x: 'a', xy: 'b', 'x}}': 'c', 'a. constructor': 'd' } }, { json: {} }]];
	}
}

let compared = 0;
const [, , engine] = process.argv;
if (engine !== 'legacy') {
	await Expression.initExpressionEngine({ engine, poolSize: 1, maxCodeCacheSize: 1024, bridgeTimeout: 5000, bridgeMemoryLimit: 128 });
}
assert.equal(Expression.getActiveImplementation(), engine);
for (const [parameter, rows] of cases()) {
	const { workflow, items, evaluate } = n8n(parameter, rows);
	await workflow.expression.acquireIsolate();
	const read = reader(parameter, items, evaluate);
	// The first row shows, or not, that both read the same; the others rely on it.
	attempt(() => read(0));
	rows.forEach((_, row) => {
		const [mine, theirs] = [attempt(() => read(row)), attempt(() => evaluate(row))];
		const where = `${JSON.stringify(parameter)}, row ${row}`;
		assert.deepEqual(mine, theirs, where);
		assert.ok(Object.is(mine.value, theirs.value) || typeof mine.value === 'object', where);
		compared++;
	});
	await workflow.expression.releaseIsolate();
}
process.send({ compared });
