// The other end of support.mjs: the built module with Node's own fetch.
import { createRequire } from 'node:module';

const { execute } = createRequire(import.meta.url)('../../dist/portable/index.js');

process.on('message', ({ id, rows, address, token, timeout, concurrency, confirm = true }) => {
	const client = token ? { accessToken: token } : { clientId: 'wire', clientSecret: 'wire-secret' };
	const options = { timeout, concurrency, parameters: { confirm } };
	execute(rows.map((json) => ({ json })), { baseUrl: address, ...client }, options).then(
		(items) => process.send({ id, items }),
		(error) => process.send({ id, error: String(error) }),
	);
});
