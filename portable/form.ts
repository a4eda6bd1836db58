import { describer } from './core';

/** An entry of a form: of a mapper with `id`, of a list with `value`. */
export interface FormField {
	id?: string;
	value?: string;
	name?: string;
	displayName?: string;
}

/** The fields that a part of an operation's form offers, as n8n wants them. Nothing is requested for it. */
export function formFields(
	resource: string,
	operation: string,
	part: 'arguments' | 'fields' | 'filter' | 'select' | 'expand',
): FormField[] {
	return JSON.parse(describer().formFields(resource, operation, part)) as FormField[];
}
