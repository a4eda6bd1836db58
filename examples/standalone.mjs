// The core without n8n: node examples/standalone.mjs ADDRESS CLIENT_ID API_KEY
import { execute } from 'n8n-nodes-3cx';

const [baseUrl, clientId, clientSecret] = process.argv.slice(2);
const rows = [
	{ json: { groupId: 28, licenseKey: 'MAIN-2026-PROA-0001' } },
	{ json: { groupId: 'GRP0001', licenseKey: 'ONEI-2026-PROA-0002' } },
	{ json: { groupId: 'GRP0999', licenseKey: 'NONE-2026-PROA-0003' } },
];
for (const { json } of await execute(rows, { baseUrl, clientId, clientSecret })) {
	console.log(json.error ? `✗ ${json.error}. ${json.message}` : `✓ ${json.groupName}: ${json.licenseKey}`);
}
