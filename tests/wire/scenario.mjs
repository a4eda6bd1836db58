// A run of rows that meets a fault: what it reports is held against what the PBX did.
import assert from 'node:assert/strict';
import { Pbx, READY_TOKEN } from './pbx.mjs';

const key = (row) => `CNRY-KEYX-WIRE-${1000 + row}`;
const rowsOf = (count) => Array.from({ length: count }, (_, row) => ({ groupId: 28 + row, licenseKey: key(row) }));
/** Long enough that only what hangs meets it, even on a busy machine. */
const TIMEOUT = 8000;
const SHORT_TIMEOUT = 1500;

/** The moments at which a fault can be played. */
export const moments = ({ only }) => (only ? [only] : ['before', 'after']);

/**
 * `run(rows, { address, token, timeout, concurrency, confirm })` gives items in the order of the rows. Without `token`
 * the credentials are an API client's.
 */
async function report(run, rows, pbx, options) {
	const items = await run(rows, { address: pbx.address, timeout: TIMEOUT, ...options });
	await pbx.idle();
	return audit(rows, items, pbx);
}

/** What must hold whatever happens. Gives each row's outcome. */
function audit(rows, items, pbx) {
	assert.deepEqual(items.map(({ pairedItem }) => pairedItem.item), rows.map((_, row) => row), 'every row once, in order');
	const told = JSON.stringify(items);
	for (const secret of ['TOKEN-', 'CNRY-']) assert.ok(!told.includes(secret), `${secret} is shown: ${told}`);
	const isOf = ({ groupId, licenseKey }) => (entry) => entry.groupId === String(groupId) && entry.licenseKey === licenseKey;
	const changes = pbx.changes.map(({ body, fault }) => ({ ...JSON.parse(body), fault }));
	const outcomes = items.map(({ json }, row) => {
		const outcome = json.error ? json.details.outcome : json.success === true && 'success';
		const what = `row ${row + 1}, ${outcome}: ${JSON.stringify(json)}`;
		assert.ok(['success', 'notSent', 'refused', 'skipped', 'unknown'].includes(outcome), what);
		const applied = pbx.ledger.filter(isOf(rows[row])).length;
		assert.ok(applied <= 1, `applied ${applied} times: ${what}`);
		if (outcome === 'success') assert.equal(applied, 1, `not applied: ${what}`);
		else if (outcome !== 'unknown') assert.equal(applied, 0, `applied: ${what}`);
		const tries = changes.filter(isOf(rows[row]));
		for (const { fault } of tries.slice(0, -1)) assert.ok(fault?.again, `sent again after ${fault?.name}: ${what}`);
		return outcome;
	});
	const strays = [...pbx.ledger, ...changes].filter((entry) => !rows.some((row) => isOf(row)(entry)));
	assert.deepEqual(strays, [], 'nothing but the rows was sent');
	assert.deepEqual(pbx.complaints, []);
	return outcomes;
}

async function withPbx(settings, work) {
	const pbx = await Pbx.start(settings);
	try {
		await work(pbx);
	} finally {
		await pbx.stop();
	}
}

const isChange = ({ path }) => path.endsWith('ReplaceGroupLicenseKey');
/** `allowed(row)`: the outcomes that are true and allowed. */
const areTold = (outcomes, allowed) =>
	outcomes.forEach((outcome, row) => assert.ok(allowed(row).includes(outcome), `row ${row + 1}: ${outcome}, not ${allowed(row).join(' or ')}`));
/** The row that meets a fault alone. */
const VICTIM = 3;
const oneIsTold = (outcomes, { tells }) => areTold(outcomes, (row) => (row === VICTIM ? tells : ['success']));

/** One row in the middle meets the fault at its first try; the others get through. */
export function once(fault, moment, run) {
	const rows = rowsOf(6);
	let met = false;
	const onRequest = (request) => {
		if (met || !isChange(request) || JSON.parse(request.body).licenseKey !== key(VICTIM)) return undefined;
		met = true;
		return { fault, acts: moment === 'after' };
	};
	return withPbx({ onRequest }, async (pbx) => {
		const outcomes = await report(run, rows, pbx);
		assert.ok(met);
		oneIsTold(outcomes, fault);
	});
}

/** Every change meets the fault, whatever the row: the run ends before much is lost. */
export function always(fault, moment, run) {
	const rows = rowsOf(9);
	const onRequest = (request) => (isChange(request) ? { fault, acts: moment === 'after' } : undefined);
	return withPbx({ onRequest }, async (pbx) => {
		const outcomes = await report(run, rows, pbx, fault.hangs ? { timeout: SHORT_TIMEOUT } : {});
		assert.ok(pbx.changes.length >= 1 && pbx.changes.length <= (fault.most ?? rows.length), `${pbx.changes.length} changes were sent`);
		const ofSent = fault.tellsAlways ?? fault.tells;
		areTold(outcomes, () => (fault.most ? [...ofSent, 'notSent', 'skipped'] : ofSent));
		if (fault.most && pbx.ledger.length) assert.equal(outcomes.filter((outcome) => outcome === 'unknown').length, pbx.changes.length);
	});
}

/** One of many connections, each for one row, meets the fault. */
export function onceOnConnection(fault, run) {
	const rows = rowsOf(6);
	let met = false;
	const onConnection = (_, pbx) => {
		const isRefused = fault.connection === 'refuse';
		// The connection of the row before is the last one that can close the door.
		if (met || pbx.changes.length !== VICTIM - Number(isRefused)) return undefined;
		met = true;
		if (!isRefused) return fault.connection;
		pbx.close();
		setTimeout(() => pbx.listen(), 200);
	};
	return withPbx({ onConnection, keepAlive: false }, async (pbx) => {
		const outcomes = await report(run, rows, pbx, { token: READY_TOKEN, concurrency: 1, confirm: false });
		assert.ok(met);
		oneIsTold(outcomes, fault);
	});
}

/** All connections meet the fault. */
export function alwaysOnConnection({ connection, tellsAlways, most = 0, hangs }, run) {
	const rows = rowsOf(9);
	return withPbx({ onConnection: () => connection, keepAlive: false }, async (pbx) => {
		if (connection === 'refuse') pbx.close();
		const outcomes = await report(run, rows, pbx, { token: READY_TOKEN, timeout: hangs ? SHORT_TIMEOUT : TIMEOUT, confirm: false });
		areTold(outcomes, () => tellsAlways);
		const unknown = outcomes.filter((outcome) => outcome === 'unknown').length;
		assert.ok(unknown <= most, `${unknown} rows are unknown`);
	});
}
