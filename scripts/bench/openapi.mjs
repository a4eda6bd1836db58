// The OpenAPI document that the rival node is generated from: 3CX's own where this machine has it, else one that says
// the same (paths, parameters, bodies), made from node-definition.json.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { specification } from '../../tests/operations/specification.mjs';
import { current, enums, types, version } from '../lib/definition.mjs';

/** `{source, document}` */
export function openapi() {
	if (!specification) return { source: 'an equivalent made from node-definition.json', document: equivalent() };
	const { parse } = createRequire(import.meta.url)('yaml');
	return { source: `3CX's ${basename(specification)}`, document: parse(readFileSync(specification, 'utf8')) };
}

const INTEGERS = ['int32', 'int64', 'uint8'];
/** 3CX derives these from others (`allOf`), for which the generator makes a notice in place of fields. */
const DERIVED = 'CallFlowApp Fax Group Parking Queue Receptionist RingGroup ServicePrincipal Trunk User'.split(' ');
const QUERY = {
	page: { $top: 'integer', $skip: 'integer', $search: 'string', $filter: 'string', $count: 'boolean' },
	orderBy: { $orderby: 'array' },
	select: { $select: 'array', $expand: 'array' },
};

function equivalent() {
	const single = (type) => {
		if (types[type] || enums[type]) return { $ref: `#/components/schemas/${type}` };
		if (INTEGERS.includes(type)) return { type: 'integer', format: type };
		if (type === 'double') return { type: 'number', format: type };
		return type === 'boolean' ? { type } : { type: 'string', format: type };
	};
	const schema = ({ type, list }) => (list ? { type: 'array', items: single(type) } : single(type));
	const object = (fields) => ({
		type: 'object',
		properties: Object.fromEntries(fields.map((field) => [field.name, schema(field)])),
	});
	const operation = (tag, { value, action, parameters = [], query = [], body, ifMatch }) => {
		const inPath = parameters.map((parameter) => ({ name: parameter.name, in: 'path', schema: schema(parameter) }));
		const inQuery = query.flatMap((part) => Object.entries(QUERY[part]));
		const given = [...inPath, ...inQuery.map(([name, type]) => ({ name, in: 'query', schema: { type } }))];
		if (ifMatch) given.push({ name: 'If-Match', in: 'header', schema: { type: 'string' } });
		const content = body && (body.type ? single(body.type) : object(body.fields));
		return {
			tags: [tag],
			operationId: value,
			summary: action,
			parameters: given,
			requestBody: body && { content: { 'application/json': { schema: content } } },
		};
	};
	const paths = {};
	for (const one of current) {
		paths[one.path] = { ...paths[one.path], [one.method.toLowerCase()]: operation(one.resource, one) };
	}
	const records = Object.entries(types).map(([name, { fields }]) => [
		name,
		DERIVED.includes(name) ? { allOf: [object(fields)] } : object(fields),
	]);
	const choices = Object.entries(enums).map(([name, values]) => [name, { type: 'string', enum: values }]);
	const components = { schemas: Object.fromEntries([...records, ...choices]) };
	return { openapi: '3.0.4', info: { title: 'XAPI', version }, paths, components };
}
