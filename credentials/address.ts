import type { INodeProperties } from 'n8n-workflow';

/** The PBX's address, which both credentials ask for first. */
export const addressProperty: INodeProperties = {
	displayName: 'PBX Address',
	name: 'baseUrl',
	type: 'string',
	default: '',
	required: true,
	placeholder: 'e.g. https://company.3cx.eu',
	hint: 'As the browser shows it; what comes after the name and port is left out',
	description: 'Address of the PBX, with its port if it is not 443 (often 5001 if you host it yourself)',
};

const LABEL = '[\\p{L}\\p{N}_-]+';
const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
// Fetch takes a name whose last part is a number for an IPv4 address, whatever is left out of it.
const NAME = `(?:${LABEL}\\.)*(?!(?:\\d+|0x[\\da-f]*)(?:[:\\/]|$))${LABEL}`;
const HOST = `(?:\\[[\\da-f:.]+\\]|(?:${OCTET}\\.){3}${OCTET}|${NAME})`;

/** Where nothing is: what is sent there goes to nobody. */
const NOWHERE = 'https://pbx-address-cannot-be-used.invalid';

/**
 * An expression for the address without what a browser shows behind the host: see PAGES in src/xapi/base_url.rs. What is
 * refused there, but for other paths, leads nowhere.
 */
export const address = (credential: string) =>
	[
		`${credential}["baseUrl"].trim()`,
		'.replace(/^(?!https?:\\/\\/)/i, "https://")',
		'.replace(/[?#].*$/, "")',
		'.replace(/\\/+$/, "")',
		'.replace(/^(https?:\\/\\/[^\\/]*)\\/+(xapi|webclient|connect|login|admin|management|office|myphone)(\\/.*)?$/i, "$1")',
		`.replace(/^(?!https?:\\/\\/${HOST}(?::\\d+)?(?:\\/.*)?$)[^]*$/iu, "${NOWHERE}")`,
	].join('');
