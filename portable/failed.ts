import type { Item } from './types';

/** Whether an item is the report of a row that failed, and not a record that happens to have a field `error`. */
export function isFailed({ json }: Item): boolean {
	const { success, error, details } = json;
	const { row, outcome } = (details ?? {}) as Partial<FailedRow['details']>;
	return success !== true && typeof error === 'string' && typeof row === 'number' && OUTCOMES.includes(outcome as Outcome);
}

const OUTCOMES = ['notSent', 'refused', 'unknown', 'skipped'] as const;
type Outcome = (typeof OUTCOMES)[number];

/** What a row that failed carries as its `json`. */
export interface FailedRow {
	/** What happened. */
	error: string;
	/** What to do. */
	message: string;
	details: {
		/** Counted from 1. */
		row: number;
		/** Whether anything may have been changed: only `unknown` rows may have been carried out. */
		outcome: Outcome;
		code: string;
		httpStatus?: number;
		/** What a dry run found to be wrong with this row; it is not there where the run itself failed. */
		dryRun?: true;
	};
}
