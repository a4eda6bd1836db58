// Every fault of the wire again, through n8n's own requests: the packed node in a real n8n.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { N8n } from '../../scripts/lib/n8n.mjs';
import { connectionFaults, faults } from '../wire/faults.mjs';
import { authorities } from '../wire/pbx.mjs';
import { alwaysOnConnection, moments, once, onceOnConnection } from '../wire/scenario.mjs';
import { flagship, workflow } from './support.mjs';

let n8n;

before(async () => {
	n8n = await N8n.create();
	const file = join(n8n.folder, 'authorities.pem');
	writeFileSync(file, authorities);
	await n8n.serve({ env: { NODE_EXTRA_CA_CERTS: file } });
});
after(() => n8n?.remove());

async function run(rows, { address, token, timeout, concurrency = 0, confirm = true }) {
	const [type, data] = token
		? ['threecxApi', { accessToken: token }]
		: ['threecxOAuth2Api', { clientId: 'wire', clientSecret: 'wire-secret' }];
	const credentials = { [type]: await n8n.credential(type, { baseUrl: address, ...data }) };
	const options = { timeout, confirm, requestsAtOnce: concurrency };
	const parameters = { ...flagship, rowsFrom: 'columns', options };
	const execution = await n8n.runWorkflow(workflow({ rows, parameters, credentials, onError: 'continueErrorOutput' }));
	assert.equal(execution.error, undefined);
	// On its error output n8n puts the row's own columns back.
	const failed = execution.items('3CX', 1).map(({ json, pairedItem }) => {
		const { groupId, licenseKey, ...told } = json;
		return { json: told, pairedItem };
	});
	return [...execution.items('3CX', 0), ...failed].sort((one, other) => one.pairedItem.item - other.pairedItem.item);
}

// Each run takes n8n about a second: what does not depend on who sends is shown by tests/wire/execute.test.mjs.
describe('one row meets', { concurrency: 8 }, () => {
	for (const fault of faults) {
		const moment = moments(fault).at(-1);
		test(`${fault.name}, ${moment}`, () => once(fault, moment, run));
	}
	for (const fault of connectionFaults) test(`connection: ${fault.name}`, () => onceOnConnection(fault, run));
});

describe('all rows meet', { concurrency: 8 }, () => {
	for (const fault of connectionFaults) test(`connection: ${fault.name}`, () => alwaysOnConnection(fault, run));
});
