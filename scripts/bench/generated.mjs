// The rival: a node that @devlikeapro/n8n-openapi-node generates from 3CX's OpenAPI document, as its README has it. The
// fields are generated here rather than at each start of n8n, which is in its favour.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { openapi } from './openapi.mjs';

const name = 'n8n-nodes-generated';
const node = `
const properties = require('./properties.json');

exports.Generated = class {
	description = {
		displayName: 'Generated',
		name: 'generated',
		group: ['transform'],
		version: 1,
		description: 'Generated from an OpenAPI document',
		defaults: { name: 'Generated' },
		inputs: ['main'],
		outputs: ['main'],
		credentials: [{ name: 'threecxApi', required: true }],
		requestDefaults: {
			headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
			baseURL: '={{$credentials.baseUrl}}/xapi/v1',
		},
		properties,
	};
};
`;

/** Puts the node among those of an n8n; tells what it was made of. */
export function installGenerated({ folder }) {
	const { N8NPropertiesBuilder } = createRequire(import.meta.url)('@devlikeapro/n8n-openapi-node');
	const { source, document } = openapi();
	// It warns of bodies that it makes no fields for.
	const logger = { warn() {}, info() {} };
	const properties = new N8NPropertiesBuilder(document, { logger }).build();
	const text = JSON.stringify(properties);
	const place = join(folder, '.n8n/nodes/node_modules', name);
	mkdirSync(place, { recursive: true });
	const manifest = { name, version: '1.0.0', n8n: { n8nNodesApiVersion: 1, nodes: ['Generated.node.js'] } };
	writeFileSync(join(place, 'package.json'), JSON.stringify(manifest));
	writeFileSync(join(place, 'properties.json'), text);
	writeFileSync(join(place, 'Generated.node.js'), node);
	return { source, properties: properties.length, bytes: text.length };
}

/** The node in a workflow, its fields filled in as its user would. */
export const generated = (credentials) => ({
	type: `${name}.generated`,
	typeVersion: 1,
	credentials,
	parameters: {
		resource: 'Groups',
		operation: 'Replace Group License Key',
		groupId: '={{ $json.groupId }}',
		licenseKey: '={{ $json.licenseKey }}',
		requestOptions: {},
	},
});
