/** The core without n8n, for any JavaScript that has `fetch`. */
export * from './crm';
export * from './execute';
export * from './failed';
export * from './form';
export * from './poll';
export type * from './types';
