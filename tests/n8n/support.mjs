// Workflows for the tests in a real n8n: Start -> Rows (pinned) -> 3CX.

const link = (node) => [{ node, type: 'main', index: 0 }];

/** A license key of the usual shape; its last four characters tell the row. */
export const key = (row, prefix = 'CNRY-KEYX') => `${prefix}-ZZ${String(row).padStart(2, '0').slice(-2)}-${1000 + row}`;

export const ids = [28, 29, 31, 34, 35, 37, 40, 41, 43, 46];

/** Rows for the first departments of the simulator. */
export const rowsOf = (count) => ids.slice(0, count).map((groupId, row) => ({ groupId, licenseKey: key(row) }));

export const flagship = { resource: 'Groups', operation: 'Replace Group License Key' };

/** `credentials`: by type, as `n8n.credential` gives them. */
export function workflow({ rows, parameters, credentials, onError }) {
	const type = Object.keys(credentials)[0];
	return {
		name: 'Test',
		settings: { executionOrder: 'v1' },
		nodes: [
			{
				id: 'start',
				name: 'Start',
				type: 'n8n-nodes-base.manualTrigger',
				typeVersion: 1,
				position: [0, 0],
				parameters: {},
			},
			{
				id: 'rows',
				name: 'Rows',
				type: 'n8n-nodes-base.debugHelper',
				typeVersion: 1,
				position: [220, 0],
				parameters: {},
			},
			{
				id: '3cx',
				name: '3CX',
				type: 'n8n-nodes-3cx.threecx',
				typeVersion: 1,
				position: [440, 0],
				parameters: { authentication: type === 'threecxApi' ? 'accessToken' : 'oAuth2', ...parameters },
				credentials,
				onError,
			},
		],
		connections: { Start: { main: [link('Rows')] }, Rows: { main: [link('3CX')] } },
		pinData: { Rows: rows.map((json) => ({ json })) },
	};
}

/** Everything that a run shows, but for the input's own columns. */
export function shown(execution, columns = ['groupId', 'licenseKey']) {
	const json = [...execution.json('3CX', 0), ...execution.json('3CX', 1)].map((item) => {
		if (!item.error) return item;
		const own = columns.filter((name) => name in item);
		return Object.fromEntries(Object.entries(item).filter(([name]) => !own.includes(name)));
	});
	return JSON.stringify({ json, hints: execution.hints('3CX'), error: execution.error });
}
