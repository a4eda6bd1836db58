// 3CX's own OpenAPI file judges our requests through Prism, which knows nothing of us. Where the file is not at hand,
// the tests say so: then only the simulator judges.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { current, operations } from '../../scripts/lib/definition.mjs';
import { freePort, root, stop, until } from '../../scripts/lib/run.mjs';
import { asJson, bodyFields, full, locators, minimal, row } from './samples.mjs';
import { specification } from './specification.mjs';

const require = createRequire(import.meta.url);
const { execute } = require('../../dist/portable/index.js');
const options = specification ? {} : { skip: "3CX's OpenAPI files are not on this machine (XAPI_SPECIFICATIONS)" };
const VARIANTS = { minimal, full, JSON: asJson };

let prism;
let baseUrl;

before(async () => {
	if (!specification) return;
	const port = await freePort();
	const cli = join(root, 'tests/operations/node_modules/@stoplight/prism-cli/dist/index.js');
	const flags = ['mock', '--errors=false', '--host', '127.0.0.1', '--port', String(port), '--verboseLevel', 'fatal'];
	prism = spawn(process.execPath, [cli, ...flags, specification], { stdio: 'ignore' });
	baseUrl = `http://127.0.0.1:${port}`;
	await until(() => fetch(`${baseUrl}/Defs`).catch(() => undefined), 'Prism does not answer');
});
after(async () => prism && (await stop(prism)));

/** Sends an operation; gives its requests with what Prism says against them. */
async function judged({ resource, value }, parameters) {
	const requests = [];
	const send = async (url, init) => {
		// Prism has the API at its root.
		const ask = () => fetch(url.replace('/xapi/v1', ''), init);
		// It closes connections that were idle while this process was busy; a mock may be asked twice.
		const answer = await ask().catch(ask);
		const said = JSON.parse(answer.headers.get('sl-violations') ?? '[]');
		const violations = said.filter(({ location }) => location[0] === 'request');
		requests.push({ url: new URL(url), method: init.method, body: init.body, status: answer.status, violations });
		return answer;
	};
	const credentials = { baseUrl, accessToken: 'any' };
	await execute([row], credentials, { resource, operation: value, parameters, fetch: send });
	return requests;
}

/** Prism takes these for `/Set({Id})`, whose key is a number. */
const isMisrouted = ({ path }, { violations }) =>
	path.endsWith('(Number={Number})') &&
	violations.every(({ location, code }) => location.join() === 'request,path,id' && code === 'type');

const misrouted = [];

for (const [variant, make] of Object.entries(VARIANTS)) {
	test(`Prism has nothing against any operation (${variant})`, options, async () => {
		const failures = [];
		for (const operation of current) {
			if (variant === 'JSON' && !operation.body) continue;
			const requests = await judged(operation, make(operation));
			// Look-ups by number ask for the PBX's version first; a list is asked for to its end, which Prism's has not.
			const first = operation.older ? 1 : 0;
			const pages = operation.query?.includes('page') && operation.answer.kind !== 'file';
			assert.ok(pages ? requests.length > first : requests.length === first + 1, `${operation.value}: ${requests.length}`);
			for (const request of requests.slice(first)) {
				if (request.violations.length > 0 && isMisrouted(operation, request)) {
					misrouted.push({ operation, request });
				} else if (request.violations.length > 0 || request.status >= 400) {
					failures.push(`${operation.value}: ${request.status} ${JSON.stringify(request.violations)}`);
				}
			}
		}
		assert.equal(failures.join('\n'), '');
	});
}

test('what Prism takes for another path is checked against its own schemas by Ajv', options, () => {
	const Ajv = require('ajv');
	const { parse } = require('yaml');
	const api = parse(readFileSync(specification, 'utf8'));
	const ajv = new Ajv({ strict: false, coerceTypes: 'array' });
	assert.ok(misrouted.length > 0);
	for (const { operation, request } of misrouted) {
		const { parameters } = api.paths[operation.path].get;
		const resolved = parameters.map((one) => (one.$ref ? api.components.parameters[one.$ref.split('/').pop()] : one));
		const path = decodeURIComponent(request.url.pathname);
		const [, literal] = /\(Number='(.*)'\)$/.exec(path) ?? assert.fail(path);
		const values = new Map([['Number', literal.replaceAll("''", "'")]]);
		for (const [name, value] of request.url.searchParams) values.set(name, value);
		for (const [name, value] of values) {
			const known = resolved.find((one) => one.name === name) ?? assert.fail(`${name} of ${operation.value}`);
			const isList = known.schema.type === 'array';
			assert.ok(ajv.validate(known.schema, isList ? value.split(',') : value), ajv.errorsText());
		}
	}
	const names = [...new Set(misrouted.map(({ operation }) => operation.value))];
	assert.deepEqual(names.filter((name) => !name.endsWith('By Number')), []);
});

test('every property that the API takes in a body can be set', options, async () => {
	const { parse } = require('yaml');
	const api = parse(readFileSync(specification, 'utf8'));
	const resolve = (schema) => (schema.$ref ? resolve(schema.$ref.slice(2).split('/').reduce((at, key) => at[key], api)) : schema);
	const properties = (schema) => {
		const own = resolve(schema);
		return [...Object.keys(own.properties ?? {}), ...(own.allOf ?? []).flatMap(properties)];
	};
	let count = 0;
	for (const operation of current.filter(({ body }) => body)) {
		const { requestBody } = api.paths[operation.path][operation.method.toLowerCase()];
		const wanted = properties(resolve(requestBody).content['application/json'].schema).sort();
		const known = bodyFields(operation).map(({ name }) => name).sort();
		assert.deepEqual(known, wanted, operation.value);
		const sent = async (make) => Object.keys(JSON.parse((await judged(operation, make(operation))).at(-1).body)).sort();
		assert.deepEqual(await sent(asJson), wanted, operation.value);
		// The mapper leaves out what 3CX sets by itself or refuses to change.
		const own = bodyFields(operation).filter(({ name, type, readOnly }) => {
			const isKey = operation.set && locators.get(operation.set).key === name;
			return readOnly || isKey || (name === 'Id' && type === 'int32') || (name === 'Number' && operation.method === 'PATCH');
		});
		const left = operation.body.type ? wanted.filter((name) => !own.some((field) => field.name === name)) : wanted;
		assert.deepEqual(await sent(full), left, operation.value);
		count += left.length;
	}
	assert.ok(count > 1000, `${count} properties`);
});

test('the operations of the file are those that are offered, and all are named in the documents', options, () => {
	const { parse } = require('yaml');
	const { paths } = parse(readFileSync(specification, 'utf8'));
	const methods = ['get', 'post', 'put', 'patch', 'delete'];
	const stated = Object.entries(paths).flatMap(([path, item]) =>
		methods.filter((method) => item[method]).map((method) => `${method.toUpperCase()} ${path}`),
	);
	assert.deepEqual(current.map(({ method, path }) => `${method} ${path}`).sort(), stated.sort());
	const lines = readFileSync(join(root, 'docs/operations.md'), 'utf8').split('\n');
	for (const { value, method, path, older } of operations) {
		const calls = [path, ...(older ? [older.path] : [])].map((call) => `\`${method} ${call}\``);
		const isNamed = lines.some((line) => line.includes(`| ${value} |`) && calls.every((call) => line.includes(call)));
		assert.ok(isNamed, `${value}: ${method} ${path}`);
	}
});

test('the definition is what the import makes of the newest file and facts/', options, () => {
	const folder = mkdtempSync(join(tmpdir(), 'definition-3cx-'));
	const output = join(folder, 'definition.json');
	try {
		const command = ['xtask', 'definition', specification, '--output', output];
		execFileSync('cargo', command, { cwd: root, stdio: 'ignore' });
		assert.ok(readFileSync(output, 'utf8') === readFileSync(join(root, 'node-definition.json'), 'utf8'));
	} finally {
		rmSync(folder, { recursive: true });
	}
});
