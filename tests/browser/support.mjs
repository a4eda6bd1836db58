// A Chromium that opens n8n's editor.
import { existsSync } from 'node:fs';
import { chromium, selectors } from 'playwright-core';
import { owner } from '../../scripts/lib/n8n.mjs';
import { run } from '../../scripts/lib/run.mjs';

selectors.setTestIdAttribute('data-test-id');

const executablePath = '/usr/bin/chromium';

/** Debian's Chromium, installed if it is missing. */
export async function launch() {
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
export async function open(browser, n8n) {
	const context = await browser.newContext({ viewport: { width: 1440, height: 860 }, colorScheme: 'light' });
	const page = await context.newPage();
	page.setDefaultTimeout(20_000);
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
