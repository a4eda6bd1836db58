// A Chromium that opens n8n's editor.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, selectors } from 'playwright-core';
import { N8n, owner } from '../../scripts/lib/n8n.mjs';
import { root, run } from '../../scripts/lib/run.mjs';
import { Simulator } from '../../scripts/lib/simulator.mjs';

selectors.setTestIdAttribute('data-test-id');

const executablePath = '/usr/bin/chromium';

/** A simulated PBX, an n8n, and its editor in a browser. `close` takes away all that came about. */
export class Stage {
	static async open(...switches) {
		const stage = new Stage();
		try {
			stage.simulator = await Simulator.start(...switches);
			stage.n8n = await N8n.create();
			await stage.n8n.serve();
			stage.browser = await launch();
			stage.page = await open(stage.browser, stage.n8n);
			return stage;
		} catch (error) {
			await stage.close();
			throw error;
		}
	}

	async close() {
		await this.browser?.close();
		await this.n8n?.remove();
		await this.simulator?.stop();
	}

	/** A node on the canvas. */
	node(name) {
		return this.page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`);
	}

	/** Opens a node's form. */
	async openNode(name = '3CX') {
		await this.node(name).dblclick();
		await this.page.getByTestId('ndv').waitFor();
	}

	/** Fills the open form of a credential, and saves it; gives its dialog. */
	async saveCredential(values) {
		const dialog = this.page.getByTestId('editCredential-modal');
		for (const [name, text] of Object.entries(values)) {
			await dialog.getByTestId(`parameter-input-${name}`).locator('input').fill(text);
		}
		await dialog.getByTestId('credential-save-button').click();
		return dialog;
	}

	async closeNode() {
		await this.page.getByTestId('ndv-close-button').click();
	}
}

/** Debian's Chromium, installed if it is missing. */
async function launch() {
	if (!existsSync(executablePath)) {
		const sudo = process.getuid() === 0 ? [] : ['sudo'];
		const apt = (...args) => {
			const [command, ...rest] = [...sudo, 'apt-get', ...args];
			return run(command, rest, { title: `Installing Chromium (apt-get ${args[0]})` });
		};
		await apt('update', '-qq');
		await apt('install', '-y', '-qq', 'chromium');
	}
	const quiet = ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update'];
	return await chromium.launch({
		executablePath,
		args: ['--no-sandbox', '--disable-gpu', '--disable-sync', '--force-color-profile=srgb', ...quiet],
	});
}

/** The editor, with its owner logged in. Notes what goes wrong in the page. */
async function open(browser, n8n) {
	const context = await browser.newContext({ viewport: { width: 1440, height: 860 }, colorScheme: 'light' });
	const page = await context.newPage();
	page.setDefaultTimeout(300_000);
	page.problems = [];
	page.on('pageerror', (error) => page.problems.push(error.message));
	await page.goto(`${n8n.address}/signin`);
	for (const [field, text] of [['emailOrLdapLoginId', owner.email], ['password', owner.password]]) {
		await page.locator(`input[data-test-id="${field}"], [data-test-id="${field}"] input`).fill(text);
	}
	await page.getByTestId('form-submit-button').click();
	await page.waitForURL((url) => !url.pathname.includes('signin'));
	return page;
}

/**
 * A picture of the documents, with the text that it shows beside it. `npm run docs` makes both; otherwise the text must
 * be what the page shows now. `shows` is the part of the page whose text matters.
 */
export async function picture(page, name, shows) {
	const file = (kind) => join(root, 'docs/images', `${name}.${kind}`);
	const text = lasting(await shows.innerText());
	if (process.env.UPDATE_DOCS) {
		// Notes that a run went well cover what is below them for some seconds, and the canvas moves.
		await page.waitForFunction(() => !document.querySelector('.el-notification'));
		await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== 'running'));
		await page.screenshot({ path: file('png') });
		writeFileSync(file('txt'), text);
	}
	assert.ok(existsSync(file('png')), `docs/images/${name}.png is missing: npm run docs`);
	assert.equal(text, readFileSync(file('txt'), 'utf8'), `docs/images/${name}.png is out of date: npm run docs`);
}

/**
 * The texts of a page in no order, without what is other in each run: dates, the run in numbers, and n8n's panel of the
 * input, which holds only what fits.
 */
function lasting(text) {
	const masked = text
		.replace(/\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?/g, 'DATE')
		.replace(/\d+ requests in [^.]*\.\d s[^.]*\./g, 'REQUESTS.');
	const lines = masked.split('\n').map((line) => line.trim());
	const own = lines.slice(Math.max(0, lines.indexOf('Parameters')));
	const texts = new Set(own.flatMap((line) => line.split('\t')).filter(Boolean));
	return [...texts].sort().map((one) => `${one}\n`).join('');
}
