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

/** An expression for the address without what a browser shows behind the host: see PAGES in src/xapi/base_url.rs. */
export const address = (credential: string) =>
	[
		`${credential}["baseUrl"].trim()`,
		'.replace(/^(?!https?:\\/\\/)/i, "https://")',
		'.replace(/[?#].*$/, "")',
		'.replace(/\\/+$/, "")',
		'.replace(/^(https?:\\/\\/[^\\/]*)\\/+(xapi|webclient|connect|login|admin|management|office|myphone)(\\/.*)?$/i, "$1")',
	].join('');
