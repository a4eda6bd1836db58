// The credentials as n8n reads them: the address that people paste, the order of the fields, what Test says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/lib/run.mjs';

const require = createRequire(import.meta.url);
const { NodeHelpers } = require('n8n-workflow');
const { ThreecxApi } = require('../../dist/credentials/ThreecxApi.credentials.js');
const { ThreecxOAuth2Api } = require('../../dist/credentials/ThreecxOAuth2Api.credentials.js');
const oAuth2 = new ThreecxOAuth2Api();
const token = new ThreecxApi();

const value = (expression, names, baseUrl) => Function(...names, `return ${/^=\{\{(.*)\}\}/s.exec(expression)[1]}`)(...names.map(() => ({ baseUrl })));

/** What the core refuses, but for other paths: those stay on the host that was entered. */
const rust = readFileSync(join(root, 'src/xapi/base_url.rs'), 'utf8');
const [, list] = /fn refuses_the_rest_with_a_reason\(\) \{\s*for \(raw, fault\) in \[([^;]+?)\] \{/.exec(rust);
const refused = [
	...[...list.matchAll(/\(("[^"]*"), BaseUrlFault::(\w+)\)/g)].filter(([, , fault]) => fault !== 'Path').map(([, raw]) => JSON.parse(raw)),
	'http://user:pw@host',
	'http://127.1:5000',
	'\u200bhttps://company.3cx.eu',
	'https:/company.3cx.eu',
	'"https://company.3cx.eu"',
	'//company.3cx.eu',
	'https://company.3cx.eu\\webclient',
].filter((raw) => !/:(0|70000)$|zz\]/.test(raw));

test('the address is cleaned of what a browser shows, and of nothing else', () => {
	for (const [pasted, address] of [
		['https://company.3cx.eu', 'https://company.3cx.eu'],
		[' company.3cx.eu/ ', 'https://company.3cx.eu'],
		['https://company.3cx.eu/#/login', 'https://company.3cx.eu'],
		['https://company.3cx.eu:5001/#/office/departments?tab=1', 'https://company.3cx.eu:5001'],
		['https://company.3cx.eu/webclient/#/people', 'https://company.3cx.eu'],
		['https://company.3cx.eu/Webclient', 'https://company.3cx.eu'],
		['HTTPS://company.3cx.eu/xapi/v1/', 'HTTPS://company.3cx.eu'],
		['http://127.0.0.1:5000/xapi', 'http://127.0.0.1:5000'],
		['https://company.3cx.eu/pbx1/', 'https://company.3cx.eu/pbx1'],
		['https://company.3cx.eu/webclients', 'https://company.3cx.eu/webclients'],
		['https://pbx.köln.example:5001', 'https://pbx.köln.example:5001'],
		['[2001:db8::1]:5001', 'https://[2001:db8::1]:5001'],
		['1.3cx.example', 'https://1.3cx.example'],
		['localhost', 'https://localhost'],
		...refused.map((pasted) => [pasted, 'https://pbx-address-cannot-be-used.invalid']),
	]) {
		for (const { test: { request } } of [oAuth2, token]) assert.equal(value(request.baseURL, ['$credentials'], pasted), address);
		const { default: tokenUrl } = oAuth2.properties.find(({ name }) => name === 'accessTokenUrl');
		assert.equal(value(tokenUrl, ['$self'], pasted), address, tokenUrl);
		assert.ok(tokenUrl.endsWith('}}/connect/token'));
	}
});

test('the pages of 3CX that are cut off are those that the core knows', () => {
	const [, list] = /const PAGES: &\[&str\] = &\[([^\]]+)\]/.exec(readFileSync(join(root, 'src/xapi/base_url.rs'), 'utf8'));
	const [, pages] = /\(([a-z|]+)\)/.exec(token.test.request.baseURL);
	assert.deepEqual(list.match(/\w+/g), pages.split('|'));
});

test('a person is asked for the address first, then for client ID and API key, and never for a ready token', () => {
	// As n8n lays an inherited form out; of its own credential only what matters here.
	const parents = { threecxApi: token.properties, oAuth2Api: ['grantType', 'clientId', 'clientSecret'].map((name) => ({ name })) };
	const form = [];
	for (const parent of oAuth2.extends) NodeHelpers.mergeNodeProperties(form, parents[parent]);
	NodeHelpers.mergeNodeProperties(form, oAuth2.properties);
	const shown = form.filter(({ type }) => type !== 'hidden').map(({ name }) => name);
	assert.deepEqual(shown, ['baseUrl', 'clientId', 'clientSecret', 'ignoreSSLIssues']);
	assert.match(form.find(({ name }) => name === 'clientSecret').hint, /API key that 3CX showed once/);
});

test('Test has a sentence with a remedy for what a PBX, or something else, answers', () => {
	for (const { rules } of [oAuth2.test, token.test]) {
		const statuses = rules.filter(({ type }) => type === 'responseCode').map(({ properties }) => properties.value);
		for (const status of [301, 302, 307, 308, 400, 401, 403, 404, 429, 502, 503]) assert.ok(statuses.includes(status), status);
		for (const { properties } of rules) assert.match(properties.message, /\. .*[a-z]|: (begin|it is)/, properties.message);
	}
	for (const { documentationUrl } of [oAuth2, token]) {
		const [, page] = /blob\/main\/(docs\/[\w-]+\.md)$/.exec(documentationUrl);
		assert.match(readFileSync(join(root, page), 'utf8'), /Integrations > API/);
	}
});

test('the node is found by what people call its jobs, and n8n lists its actions', () => {
	const codex = JSON.parse(readFileSync(join(root, 'dist/nodes/Threecx/Threecx.node.json'), 'utf8'));
	for (const word of ['call', 'phone system', 'queue', 'call log', 'recording', 'ivr', 'sip', 'trunk', 'replace license']) {
		assert.ok(codex.alias.includes(word), word);
	}
	assert.equal(new Set(codex.alias).size, codex.alias.length);
	// n8n hides the actions of what calls itself a tool. The tool that it makes of the node is one without that.
	assert.equal(codex.subcategories?.AI, undefined);
	const { Threecx } = require('../../dist/nodes/Threecx/Threecx.node.js');
	assert.equal(new Threecx().description.usableAsTool, true);
});
