/** What a caller gives and gets. */

/** An n8n item. */
export interface Item {
	json: Record<string, unknown>;
	binary?: Record<string, unknown>;
	pairedItem?: unknown;
}

export interface Credentials {
	/** Address of the PBX, such as `https://company.3cx.eu`. */
	baseUrl: string;
	/** A ready bearer token. */
	accessToken?: string;
	/** Client credentials of an API client; a token is fetched and kept for later runs. */
	clientId?: string;
	clientSecret?: string;
	/** Gets a new token after a 401, in place of client credentials. */
	refresh?: () => Promise<string>;
	/** Reads the token in use where others renew it too: asked after a 401, before `refresh`. */
	reread?: () => Promise<string | undefined>;
}

/** What the core asks of a fetch answer: `body`, or `text` and, for files, `arrayBuffer`. */
export interface FetchAnswer {
	status: number;
	headers: { get(name: string): string | null };
	text?(): Promise<string>;
	arrayBuffer?(): Promise<ArrayBuffer>;
	/** Its bytes as they come, decompressed. An answer that is too long is not read to its end. */
	body?: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | null;
}

export interface RequestInit {
	method: string;
	headers: Record<string, string>;
	body?: string | Uint8Array<ArrayBuffer>;
	redirect: 'manual';
	signal?: AbortSignal;
}

export interface Options {
	/** As in node-definition.json; `Groups` unless given. */
	resource?: string;
	/** As in node-definition.json; `Replace Group License Key` unless given. */
	operation?: string;
	/**
	 * Values of the operation's form, those of its options beside the others: for all rows, or made for each row (counted
	 * from 0), at once. Names that it does not have are refused.
	 */
	parameters?: Record<string, unknown> | ((row: number) => Record<string, unknown>);
	/** The most requests under way at once, 128 unless given; how many of them pay is found out during the run. */
	concurrency?: number;
	/** Requests started per second; no limit unless given. */
	requestsPerSecond?: number;
	/** Milliseconds to wait for each answer; 120,000 unless given. */
	timeout?: number;
	/** Milliseconds that the whole run may take; no limit unless given, and 0 is over at once. Rows left are reported as skipped. */
	deadline?: number;
	/** How many bytes an answer may have that only reads: 64 MB unless given. Answers to changes and log-ins: 1 MB. */
	maxAnswerBytes?: number;
	/** How many bytes a file that comes from 3CX may have, 512 MB unless given. */
	maxFileBytes?: number;
	/** Give the entities that a person can choose from for the operation's key, rather than carry it out. */
	choices?: boolean;
	/** A language model reads what comes out: lists say when there is more, and a deletion says what is gone. */
	agent?: boolean;
	/** Send nothing more after the first row that failed. A dry run checks all rows nevertheless. */
	stopOnError?: boolean;
	/** The caller does the whole run again if a row fails: nothing that changes is sent then. */
	retryOnFail?: boolean;
	/** Names of parameters that are the same for all rows, although `parameters` is a function. */
	fixed?: string[];
	/** Names of parameters that are settings of the run, and refused where they are not the same in all rows. */
	uniform?: string[];
	/** The run was begun before and has sent changes: nothing that changes is sent then. */
	sentBefore?: boolean;
	/** The items are some of the caller's in each of many runs: what shows in all rows only is refused. */
	inLoop?: boolean;
	/** How many rows there are, where the items are only the first of them. */
	rowsThere?: number;
	/** A row (counted from 0) that the credentials are not for: nothing is sent then. */
	otherCredential?: number;
	/**
	 * Time zone of days and of times without an offset in `List Call` and `List Call Leg` of `Calls`, such as `Europe/Berlin`; the
	 * machine's own unless given. Elsewhere what has no offset is in UTC.
	 */
	timezone?: string;
	/** Outlives the run, for `parameters.skipDoneBefore` of `Replace Group License Key`. */
	memory?: Memory;
	/**
	 * Outlives the run, but not the execution that it is a part of: `Replace Group License Key` sends nothing again that runs
	 * with the same map have sent to this PBX, and nothing to a group of which they left a row unknown. Empty at first.
	 */
	sent?: Map<bigint, number>;
	/** Cancels the run: rows not yet sent are reported as skipped. */
	signal?: AbortSignal;
	/** Sends the requests, in place of the runtime's own fetch. */
	fetch?: (url: string, init: RequestInit) => Promise<FetchAnswer>;
	/** Keeps a file and gives what its row's binary field is to hold; base64 as n8n has it unless given. */
	saveFile?: (bytes: Uint8Array, fileName: string, mimeType: string) => Promise<unknown>;
	/** Gives the bytes of a row's (counted from 0) binary field, and nothing else; reads base64 as n8n has it unless given. */
	readFile?: (row: number, field: string) => Promise<Uint8Array>;
	/** Told at most once in `progressInterval` milliseconds (200 unless given), and when the last row is done. */
	onProgress?: (progress: Progress) => void;
	progressInterval?: number;
	/** Told just before each request is sent that may change something. */
	onChange?: () => void;
	/** Told of the item of each row that failed, as soon as it has; again if the row is looked at again after the run. */
	onFailed?: (item: Item) => void;
	/** Told at the end, once for each thing to know about the run as a whole. `info` is the run in numbers. */
	onHint?: (hint: string, type: 'warning' | 'info') => void;
}

/**
 * Keeps texts of which rows were sent; no license key can be found out from them. What throws or rejects ends the run:
 * nothing is sent that is not remembered. A run that is canceled, or whose time is over, waits 5 seconds at most. Where several runs use it at once, one call may write over what another has
 * kept while it was at work: that is noticed. Of two runs, both may send a row only if a call of one takes more than six
 * times as long as those of the other, and than 300 ms; of three, if one takes longer than those of another, and than 50 ms.
 */
export interface Memory {
	/**
	 * Keeps all of them or none, for good before it resolves. Tells for each whether it was there before: true or false,
	 * or since when it was, in a text that is shown as it is.
	 */
	remember(texts: string[]): Promise<Array<boolean | string>>;
	/** Forgets all of them or none. */
	forget(texts: string[]): Promise<void>;
	/** How many texts it keeps, the newest, unless it keeps all. A row takes two; more rows than that are refused. */
	capacity?: number;
}

/** How far a run has come. */
export interface Progress {
	/** Rows processed so far, and how many there are. */
	done: number;
	total: number;
	/** Of those done, rows that carry an error. */
	failed: number;
	/** Requests sent; of these, those that were sent again. */
	sent: number;
	retried: number;
	/** Answers by which 3CX asked for fewer requests. */
	throttled: number;
}
