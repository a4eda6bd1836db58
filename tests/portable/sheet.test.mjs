// Replace License Key over a spreadsheet: its columns, its blank rows, and what comes back beside each row.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execute, ids, instant, isFailed, key } from './support.mjs';

const credentials = { baseUrl: 'https://pbx.example.com', accessToken: 't' };
const subscriptions = (moment) => ids.map((Id) => ({ Id, Number: `GRP${Id}`, Name: `Group ${Id}`, Props: { Subscription: moment, SubcriptionExpireDate: '2027-01-01' } }));

/** A PBX whose groups read otherwise once something was sent. */
async function run(sheet, parameters = {}, options = {}) {
	let changes = 0;
	const { fetch } = instant((_, { method }) => {
		if (method === 'GET') return { status: 200, body: JSON.stringify({ value: subscriptions(changes ? 'PRO' : 'FREE') }) };
		changes += 1;
		return { status: 204 };
	});
	const hints = [];
	const out = await execute(sheet.map((json) => ({ json })), credentials, { fetch, parameters, onHint: (hint) => hints.push(hint), ...options });
	return { out: out.map(({ json }) => json), changes, hints };
}

const row = (number, more) => ({ Customer: `Customer ${number}`, 'Group ID': ids[number], 'License Key': key(number), ...more });

test('a column that is missing is told before anything is sent, with those that came', async () => {
	for (const [sheet, what] of [
		[[row(0), row(1)].map(({ 'Group ID': _, ...rest }) => rest), /there is no column for the group\. The columns are “Customer”, “License Key”$/],
		[[row(0), row(1)].map(({ 'License Key': _, ...rest }) => rest), /there is no column for the license key\. /],
		[[{}, {}], /The rows have no columns$/],
	]) {
		const { out, changes } = await run(sheet);
		assert.equal(changes, 0);
		for (const json of out) {
			assert.match(json.error, /^Nothing was sent: /);
			assert.match(json.error, what);
			assert.equal(json.details.code, 'NO_COLUMN');
		}
	}
	const named = await run([row(0)], { groupColumn: 'Kundengruppe' });
	assert.deepEqual([named.changes, named.out[0].details.code], [0, 'NO_COLUMN']);
	assert.equal((await run([row(0)], { groupColumn: 'group id' })).changes, 1);
});

test('a sheet without a header is refused, and the key in its first line is not shown', async () => {
	const first = key(0);
	const sheet = [1, 2].map((number) => ({ Main: `Customer ${number}`, 28: ids[number], [first]: key(number) }));
	const fields = (index) => ({ rowsFrom: 'fields', groupId: ids[index + 1], licenseKey: key(index + 1) });
	for (const parameters of [{}, { groupColumn: "['28']", licenseKeyColumn: `['${first}']` }, fields]) {
		const { out, changes } = await run(sheet, parameters);
		assert.deepEqual([changes, ...out.map(({ details }) => details.code)], [0, 'NO_HEADER', 'NO_HEADER']);
		assert.match(out[0].error, /^Nothing was sent: .* first line was taken for one$/);
		assert.ok(out.every(({ error, message, details }) => !JSON.stringify({ error, message, details }).includes(first)));
	}
});

test('a row that gives a group a key again, after another row gave it another one, is not told as done', async () => {
	const again = { ...row(0), 'License Key': key(9) };
	const sheet = [row(0), again, row(0), row(1), again];
	const { out, changes } = await run(sheet);
	assert.equal(changes, 3);
	assert.deepEqual(out.map(({ success, details }) => success ?? details.code), [true, true, 'OVERTAKEN', true, true]);
	assert.match(out[2].error, /row 1 gives the group this key, and row 2, after it, another one/);
	const dry = await run(sheet, { isDryRun: true });
	assert.deepEqual([dry.changes, dry.out.map(({ wouldSend, details }) => wouldSend ?? details.code)], [0, [true, true, 'OVERTAKEN', true, false]]);
});

test('one group in all rows does not get different keys, however the rows name it', async () => {
	const sheet = [row(0), { ...row(1), 'Group ID': String(ids[0]) }];
	for (const parameters of [{}, { rowsFrom: 'fields' }]) {
		const { fetch, requests } = instant();
		const fields = (index) => ({ ...parameters, groupId: sheet[index]['Group ID'], licenseKey: sheet[index]['License Key'] });
		const out = await execute(sheet.map((json) => ({ json })), credentials, { fetch, parameters: fields });
		assert.deepEqual([out.map(({ json }) => json.details.code), requests.length], [['FIXED_GROUP', 'FIXED_GROUP'], 0]);
	}
	assert.equal((await run([row(0), row(0)])).changes, 1, 'the same key');
});

test('beside a new key, whatever its column is called, the license key is the old one', async () => {
	for (const name of ['New License Key', 'new_key', 'NewLicenceKey']) {
		const sent = [];
		const { fetch } = instant((_, { body, method }) => (method === 'GET' ? { status: 200, body: JSON.stringify({ value: subscriptions('FREE') }) } : void sent.push(JSON.parse(body).licenseKey) ?? {}));
		await execute([{ json: { ...row(0), [name]: key(7) } }], credentials, { fetch });
		assert.deepEqual(sent, [key(7)], name);
	}
});

test('where another column could hold the new key, one must be chosen', async () => {
	const sheet = [row(0), row(1)].map((columns, index) => ({ ...columns, 'New License': key(index + 7) }));
	const { out, changes } = await run(sheet);
	assert.deepEqual([changes, out[0].details.code], [0, 'NO_COLUMN']);
	assert.match(out[0].error, /no column that is certainly the license key's: “New License” could be it as well/);
	for (const name of ['Key (New)', 'License Key new', 'Replacement Key']) assert.equal((await run([row(0, { [name]: key(9) }), row(1)])).changes, 0, name);
	assert.equal((await run([row(0, { News: 'x', 'New Customer': 'yes' }), row(1)])).changes, 2, 'no key');
	assert.equal((await run(sheet, { licenseKeyColumn: 'License Key' })).changes, 2, 'chosen');
	assert.equal((await run(sheet.map((columns) => ({ ...columns, 'New Key': columns['New License'] })))).changes, 2, 'certain');
});

test('where another column has other keys, whatever it is called, one must be chosen', async () => {
	for (const name of ['__EMPTY', 'Neuer Lizenzschlüssel', 'Renewed License Key', 'New']) {
		// Far down, as readers of spreadsheets leave empty cells out.
		const sheet = Array.from({ length: 300 }, (_, index) => ({ 'Group ID': ids[index % 12], 'License Key': key(index % 12), ...(index > 280 && { [name]: key(index) }) }));
		const { out, changes } = await run(sheet);
		assert.deepEqual([changes, out[0].details.code], [0, 'NO_COLUMN'], name);
		assert.match(out[0].error, new RegExp(`certainly the license key's: “${name}” could be it as well`));
		assert.equal((await run(sheet, { licenseKeyColumn: 'License Key' })).changes, 12, 'chosen');
	}
	assert.equal((await run([row(0, { 'Old Key': key(7), Note: `was ${key(8)}` }), row(1)])).changes, 2);
});

test('a sheet for several PBXs is refused before anything is sent', async () => {
	const sheet = (...pbxs) => pbxs.map((PBX, index) => row(index, { PBX }));
	const { out, changes } = await run(sheet('a.3cx.eu', 'b.3cx.eu', 'a.3cx.eu'));
	assert.deepEqual([changes, ...out.map(({ details }) => details.code)], [0, ...Array(3).fill('SEVERAL_PBXS')]);
	assert.match(out[0].error, /the column “PBX” names several PBXs/);
	assert.equal((await run(sheet('a.3cx.eu', '', 'https://A.3cx.eu/'))).changes, 3);
	const named = (name, ...cells) => cells.map((cell, index) => row(index, { [name]: cell }));
	for (const name of ['PBX-Adresse', 'FQDN (PBX)', 'Customer PBX', '3CX Web Client URL', 'PBX Base URL']) {
		const told = await run(named(name, 'https://a.3cx.eu', 'https://b.3cx.eu'));
		assert.deepEqual([told.changes, told.out[0].details.code], [0, 'SEVERAL_PBXS'], name);
	}
	for (const [name, ...cells] of [['3CX Admin', 'j.doe', 'k.roe'], ['Old PBX', 'a.3cx.eu', 'b.3cx.eu'], ['3CX Trunk Host', 'sip.a.com', 'sip.b.com'], ['Customer PBX', 'North Dental', 'Main Office']]) {
		assert.equal((await run(named(name, ...cells))).changes, 2, name);
	}
});

test('a sheet for another PBX than the credential\'s is refused, whichever way its rows are read', async () => {
	const sheet = (PBX) => [row(0), row(1)].map((json) => ({ PBX, ...json }));
	const fields = { rowsFrom: 'fields', groupId: '28', licenseKey: key(0) };
	for (const parameters of [{}, fields, { isDryRun: true }]) {
		const { out, changes } = await run(sheet('https://other.example.com:5001'), parameters);
		assert.deepEqual([changes, ...out.map(({ details }) => details.code)], [0, 'OTHER_PBX', 'OTHER_PBX'], JSON.stringify(parameters));
		assert.match(out[0].error, /the column “PBX” says other\.example\.com, and the credential's PBX Address is pbx\.example\.com$/);
	}
	const other = await run(sheet('acme.3cx.eu'));
	assert.equal(other.changes, 2);
	assert.ok(other.hints.some((hint) => hint.includes('says acme.3cx.eu, and the credential\'s PBX Address is pbx.example.com: make sure that both are one PBX')), other.hints.join());
	assert.deepEqual((await run(sheet('PBX.example.com'))).hints.filter((hint) => hint.includes('PBX')), []);
});

test('where another column could tell the group, one must be chosen', async () => {
	for (const [one, other] of [['Department', '3CX Group ID'], ['Group', 'PBX Department ID'], ['Group ID', 'New Group ID'], ['Group', 'Gruppennummer']]) {
		const sheet = [0, 1, 2].map((number) => ({ [one]: 5 + number, [other]: ids[number], 'License Key': key(number) }));
		const { out, changes } = await run(sheet);
		assert.deepEqual([changes, out[0].details.code], [0, 'NO_COLUMN'], other);
		assert.match(out[0].error, /certainly the group's: /);
		if (!other.endsWith('nummer')) assert.equal((await run(sheet, { groupColumn: other })).changes, 3, 'chosen');
	}
	// What this node gives back has both.
	assert.equal((await run([0, 1].map((number) => ({ groupId: ids[number], groupNumber: `GRP${ids[number]}`, licenseKey: key(number) })))).changes, 2);
	const counted = [0, 1].map((number) => ({ 'No.': number + 1, '#': number + 1, 'Group ID': ids[number], 'Group Number': '', 'License Key': key(number) }));
	assert.equal((await run(counted)).changes, 2, 'what counts rows is no number of a group');
	const { out, changes } = await run([row(0, { 'Group Number': `grp${ids[0]}` }), row(1, { 'Group Number': `GRP${ids[2]}` })]);
	assert.deepEqual([changes, out[1].details.code], [1, 'AMBIGUOUS_GROUP']);
	for (const [id, number] of [['Group ID', 'Group #'], ['Gruppen-ID', 'Gruppennummer'], ['ID de grupo', 'Número de grupo'], ['Group ID', 'Group']]) {
		const contrary = [0, 1].map((at) => ({ [id]: ids[at], [number]: `GRP${ids[1]}`, 'License Key': key(at) }));
		for (const confirm of [true, false]) {
			const told = await run(contrary, { groupColumn: id, confirm });
			assert.deepEqual([told.changes, told.out[0].details.code], [1, 'AMBIGUOUS_GROUP'], number);
		}
	}
	const named = [0, 1].map((number) => row(number, { Group: `Customer ${number}`, Department: 100 + number, 'Group Caller ID': 301, 'Department Main Number': 555 }));
	assert.equal((await run(named)).changes, 2, 'names, and numbers of something else');
});

test('a column within an object is named by its path', async () => {
	const sheet = [0, 1].map((number) => ({ headers: {}, body: { groupId: ids[number], rows: [{ 'License Key': key(number) }] } }));
	const named = { groupColumn: 'body.groupId', licenseKeyColumn: "body['rows'][0]['License Key']" };
	assert.deepEqual((await sentOf(sheet, named)).keys, [key(0), key(1)]);
	const { out, changes } = await run(sheet);
	assert.deepEqual([changes, out[0].details.code], [0, 'NO_COLUMN']);
	assert.match(out[0].message, /has a path, such as body\.groupId/);
	assert.match((await run(sheet, { groupColumn: 'Body.groupId' })).out[0].error, /no column “Body\.groupId”/);
	const absent = await run(sheet, { groupColumn: 'headers.groupId', licenseKeyColumn: 'body.groupId' });
	assert.deepEqual([absent.changes, absent.out[0].details.code], [0, 'EMPTY_CELL']);
	const exact = [0, 1].map((number) => ({ 'body.groupId': ids[number], body: { groupId: 7 }, 'License Key': key(number) }));
	assert.deepEqual((await sentOf(exact, { groupColumn: 'body.groupId' })).groups, [0, 1].map((number) => String(ids[number])), 'its own name first');
});

test('what stands beside a group within an object is seen as well', async () => {
	const sheet = (...more) => more.map((of, number) => ({ id: `rec${number}`, fields: { 'Group ID': ids[number], 'License Key': key(number), ...of } }));
	const named = { groupColumn: "fields['Group ID']", licenseKeyColumn: "fields['License Key']" };
	// Airtable leaves out what is blank.
	const pbxs = await run(sheet({}, { PBX: 'a.3cx.eu' }, { PBX: 'b.3cx.eu' }), named);
	assert.deepEqual([pbxs.changes, pbxs.out[0].details.code], [0, 'SEVERAL_PBXS']);
	const other = await run(sheet({ PBX: 'other.example.com' }), named);
	assert.deepEqual([other.changes, other.out[0].details.code], [0, 'OTHER_PBX']);
	const numbers = await run(sheet({ 'Group Number': `GRP${ids[0]}` }, { 'Group Number': `GRP${ids[0]}` }), named);
	assert.deepEqual([numbers.changes, numbers.out[1].details.code], [1, 'AMBIGUOUS_GROUP']);
	assert.equal((await run(sheet({ PBX: 'pbx.example.com', 'Group Number': '', Group: 'North' }, { Note: 'b.3cx.eu' }), named)).changes, 2);
});

test('a group that is filled down gets none of the keys, whatever stands below', async () => {
	const filled = [0, 1, 2, 3].map((number) => ({ 'Group ID': ids[0], 'License Key': key(number) }));
	for (const more of [{ 'Group ID': 'Total', 'License Key': 4 }, { 'Group ID': 'Group ID', 'License Key': 'License Key' }, row(5)]) {
		const { out, changes } = await run([...filled, more]);
		assert.deepEqual([changes, out[0].details.code], [0, 'FIXED_GROUP'], JSON.stringify(more));
	}
});

test('a thousand is not the group 1', async () => {
	const groups = [1, 2, 12, 28, 1000].map((Id) => ({ Id, Number: `GRP${Id}`, Name: `Group ${Id}` }));
	const sheet = ['1.000', '28.000', '1\u00a02', '1\u200b3', '1 000', '28.0'].map((group, index) => ({ 'Group ID': group, 'License Key': key(index) }));
	assert.deepEqual((await sentOf(sheet, {}, groups)).groups, ['28']);
});

test('blank rows at the end are skipped with a hint; one between others fails', async () => {
	const blank = { Customer: '', 'Group ID': null, 'License Key': ' ' };
	const { out, changes, hints } = await run([row(0), row(1), blank, blank]);
	assert.deepEqual([changes, out.map(({ success, skipped }) => success ?? (skipped && 'skipped'))], [2, [true, true, 'skipped', 'skipped']]);
	assert.ok(hints.includes('Rows 3-4 at the end are blank and were skipped'), hints.join());
	const between = await run([row(0), blank, row(1)]);
	assert.deepEqual([between.changes, between.out[1].details.outcome], [2, 'notSent']);
	const total = await run([row(0), { ...blank, Customer: 'Total: 1' }]);
	assert.equal(total.out[1].details.outcome, 'notSent', 'not blank');
	const ticked = [row(0), row(1), blank].map((columns, index) => ({ row_number: index + 2, Done: false, ...columns }));
	assert.deepEqual((await run(ticked)).out[2].skipped, true, 'nothing but its number and an unticked box');
	assert.equal((await run([blank, blank])).out[0].details.outcome, 'notSent', 'nothing but blank rows');
});

test('a row keeps its own columns behind what is told of it, and the key is masked wherever it stands', async () => {
	const { out } = await run([row(0, { groupName: 'not this one', Note: `was ${key(0)}`, 'Old Key': key(7), Seats: 12 }), row(1)]);
	const [json] = out;
	assert.deepEqual(Object.keys(json).slice(0, 4), ['success', 'groupName', 'groupNumber', 'groupId']);
	assert.deepEqual([json.Customer, json.Seats, json.groupName], ['Customer 0', 12, `Group ${ids[0]}`]);
	assert.deepEqual([json.changed, json.subscription, json.validUntil, json.previousSubscription], [true, 'PRO', '2027-01-01', 'FREE']);
	assert.equal(json['License Key'], '****-****-****-0000');
	assert.ok(Object.values(json).every((value) => typeof value !== 'object' || value === null || Array.isArray(value)), 'flat');
	assert.ok(!JSON.stringify(out).includes('CNRY'), JSON.stringify(out));
});

test('what an earlier run told of a row does not stand as this run\'s', async () => {
	const refused = { error: '3CX refused it', message: 'Look', details: { row: 7, outcome: 'refused', code: 'X' } };
	const sheet = [row(0, { ...refused, dryRun: true, wouldSend: false, doneBefore: true, skipped: true, reason: 'blank', changed: true, subscription: 'OLD', warnings: ['old'] })];
	for (const parameters of [{}, { confirm: false }]) {
		const [again, plain] = await Promise.all([run(sheet, parameters), run([row(0)], parameters)]);
		assert.deepEqual([again.changes, again.out], [1, plain.out]);
		assert.equal(isFailed({ json: again.out[0] }), false);
	}
	const [dry] = (await run(sheet, { isDryRun: true })).out;
	assert.deepEqual([dry.wouldSend, 'success' in dry, 'changed' in dry, 'error' in dry], [true, false, false, false]);
});

test('beside a new license key, the other one is the old one', async () => {
	const sent = [];
	const { fetch } = instant((_, { method, body }) => {
		if (method === 'GET') return { status: 200, body: JSON.stringify({ value: subscriptions('FREE') }) };
		sent.push(JSON.parse(body).licenseKey);
		return { status: 204 };
	});
	for (const names of [['License Key', 'New License Key'], ['new_licence_key', 'licence_key'].toReversed()]) {
		const [old, next] = names;
		await execute([{ json: { 'Group ID': ids[0], [old]: key(1), [next]: key(2) } }], credentials, { fetch });
	}
	assert.deepEqual(sent, [key(2), key(2)]);
});

test('a gap is filled from a column that is spelt otherwise in its row, never from another one', async () => {
	const { 'License Key': _, ...rest } = row(1);
	const spelt = await run([row(0), { ...rest, license_key: key(1) }]);
	assert.equal(spelt.changes, 2, 'two sheets put together');
	const chosen = { licenseKeyColumn: 'License Key' };
	const other = await run([row(0, { license_key: key(5) }), { ...rest, license_key: key(6) }], chosen);
	assert.deepEqual([other.changes, other.out[1].details.outcome], [1, 'notSent']);
	const { 'Group ID': group, ...groupless } = row(1);
	for (const [gap, parameters] of [[{ ...rest, 'LICENSE KEY ': key(6) }, chosen], [{ ...groupless, 'Group Id': group }, { groupColumn: 'Group ID' }]]) {
		const exact = await run([row(0), gap], parameters);
		assert.deepEqual([exact.changes, exact.out[1].details.code], [1, 'EMPTY_CELL'], 'chosen as it is spelled');
	}
	assert.equal((await run([row(0), { ...rest, license_key: key(1) }], { licenseKeyColumn: 'license key' })).changes, 2, 'chosen by no exact name');
});

/** What is sent of a sheet: groups and keys. */
async function sentOf(sheet, parameters = {}, groups = subscriptions('FREE')) {
	const bodies = [];
	const { fetch } = instant((url, { method, body }) => {
		if (method === 'GET') {
			const [skip, top] = ['$skip', '$top'].map((name) => Number(new URL(url).searchParams.get(name)));
			return { status: 200, body: JSON.stringify({ '@odata.count': groups.length, value: groups.slice(skip, skip + (top || 100)) }) };
		}
		bodies.push(JSON.parse(body));
		return { status: 204 };
	});
	const out = await execute(sheet.map((json) => ({ json })), credentials, { fetch, parameters });
	return { keys: bodies.map(({ licenseKey }) => licenseKey).sort(), groups: bodies.map(({ groupId }) => groupId), codes: out.map(({ json }) => json.details?.code) };
}

test('the columns of all rows count, however far down a new one begins', async () => {
	// Readers of spreadsheets leave empty cells out.
	const sheet = Array.from({ length: 300 }, (_, index) => ({ 'Group ID': `GRP${index}`, 'License Key': key(index) }));
	const groups = sheet.map(({ 'Group ID': Number }, index) => ({ Id: index + 1, Number, Name: Number }));
	const sent = (rows, parameters) => sentOf(rows, parameters, groups);
	const late = sheet.map((columns, index) => (index < 250 ? columns : { ...columns, 'New License Key': key(index + 1000) }));
	const { keys, codes } = await sent(late);
	assert.deepEqual(keys, Array.from({ length: 50 }, (_, index) => key(index + 1250)), 'the new keys and no old one');
	assert.equal(codes.filter((code) => code !== undefined).length, 250);
	assert.equal((await sent(late, { licenseKeyColumn: 'New License Key' })).keys.length, 50, 'named');
	// A name of half a character cannot be read; those behind it can.
	const half = sheet.map(({ 'Group ID': group, 'License Key': old }, index) => ({ 'Group ID': group, 'License Key': old, '\ud83d': 1, 'New License Key': key(index + 1000) }));
	assert.deepEqual((await sent(half)).keys, half.map((columns) => columns['New License Key']));
	const doubtful = sheet.map((columns, index) => (index < 250 ? columns : { ...columns, 'License Key (new)': key(index + 1000) }));
	assert.deepEqual((await sent(doubtful)).keys, [], 'a column that could hold the new key');
});

test('of two columns whose names are alike the one that is named is taken, and none by itself', async () => {
	for (const [one, other] of [['License Key', 'License Key *'], ['Group ID', 'group_id'], ['License Key', 'License Key_1'], ['Group ID', 'Group ID_2']]) {
		const value = one === 'Group ID' ? ids[9] : key(9);
		const sheet = [row(0, { [other]: value }), row(1)];
		const { codes, groups } = await sentOf(sheet);
		assert.deepEqual([codes, groups], [['NO_COLUMN', 'NO_COLUMN'], []], other);
		const parameter = one === 'Group ID' ? 'groupColumn' : 'licenseKeyColumn';
		const named = await sentOf([row(0, { [other]: value })], { [parameter]: other });
		assert.deepEqual(one === 'Group ID' ? named.groups : named.keys, [String(value)], `${other} is named`);
		assert.equal((await sentOf([row(0, { [other]: value })], { [parameter]: one })).keys.length, 1, `${one} is named`);
	}
	assert.equal((await sentOf([row(0, { 'License Key_old': key(5), Note_1: 'x' }), row(1)])).keys.length, 2);
});

test('a column of group numbers holds no IDs', async () => {
	const groups = [{ Id: 28, Number: 'GRP0001', Name: 'A' }, { Id: 31, Number: '0028', Name: 'B' }, { Id: 32, Number: '77', Name: 'C' }];
	const of = async (name, group, parameters) => {
		const { groups: [sent], codes: [code] } = await sentOf([{ [name]: group, 'License Key': key(0) }], parameters, groups);
		return sent ?? code;
	};
	for (const name of ['Group Number', 'group_no', 'Department Number']) {
		// Of 0028 a spreadsheet makes 28, which is the ID of another group.
		assert.equal(await of(name, 28), 'UNKNOWN_GROUP', name);
		assert.equal(await of(name, '0028'), '31', name);
		assert.equal(await of(name, 77), '32', name);
	}
	assert.equal(await of('Account Number', 28, { groupColumn: 'Account Number' }), 'UNKNOWN_GROUP');
	assert.equal(await of('Group ID', 28), '28');
});

test('digits that are one group’s ID and another one’s number are refused, as a number of the sheet too', async () => {
	const groups = [{ Id: 29, Number: '30', Name: 'A' }, { Id: 30, Number: 'GRP0003', Name: 'B' }, { Id: 31, Number: '77', Name: 'C' }];
	const sent = [];
	const { fetch } = instant((url, { method, body }) => {
		if (method === 'GET') return { status: 200, body: JSON.stringify({ value: groups }) };
		sent.push(JSON.parse(body).groupId);
		return { status: 204 };
	});
	for (const group of ['30', 30, '30.0']) {
		const [{ json }] = await execute([{ json: { 'Group ID': group, 'License Key': key(0) } }], credentials, { fetch });
		assert.deepEqual([json.details?.code, sent], ['AMBIGUOUS_GROUP', []], `${typeof group} ${group}`);
	}
	for (const group of ['77', 77, '77.0']) await execute([{ json: { 'Group ID': group, 'License Key': key(0) } }], credentials, { fetch });
	assert.deepEqual(sent, ['31', '31', '31']);
});

test('a name counts only where all groups were read', async () => {
	const { fetch } = instant((url, { method }) => {
		if (method !== 'GET') throw new Error('sent');
		const isFirst = !url.includes('$skip');
		return { status: 200, body: JSON.stringify({ '@odata.count': 250, value: isFirst ? subscriptions('FREE') : [] }) };
	});
	const [{ json }] = await execute([{ json: { Department: `Group ${ids[0]}`, 'License Key': key(0) } }], credentials, { fetch, parameters: { findByName: true } });
	assert.deepEqual([json.details.outcome, json.details.code], ['notSent', 'LIST_CUT'], json.error);
});

test('groups are found by their names where that is wanted: exact, and of one group only', async () => {
	const named = (name, number) => ({ Department: name, 'License Key': key(number) });
	const sheet = [named(`Group ${ids[0]}`, 0), named(`group ${ids[1]}`, 1), named('Group', 2), named(`${ids[3]}.0`, 3)];
	const { out, changes } = await run(sheet, { findByName: true });
	assert.deepEqual([changes, out.map(({ groupId, details }) => groupId ?? details.code)], [2, [ids[0], 'UNKNOWN_GROUP', 'UNKNOWN_GROUP', ids[3]]]);
	assert.match(out[1].error, /there is one with the name “Group \d+”$/);
	const without = await run(sheet);
	assert.deepEqual([without.changes, without.out[0].details.code], [1, 'GROUP_NAME']);
});

test('a dry run that is canceled has done nothing', async () => {
	const end = new AbortController();
	const sheet = Array.from({ length: 2000 }, (_, index) => ({ 'Group ID': ids[index % ids.length], 'License Key': key(index) }));
	const { out, hints } = await run(sheet, { dryRun: true }, { signal: end.signal, progressInterval: 0, onProgress: () => end.abort() });
	assert.ok(out.some(({ wouldSend }) => wouldSend));
	assert.ok(hints.every((hint) => !/\bdone\b/i.test(hint)), hints.join());
});

test('a dry run tells what would be sent, repeats included, and never a success', async () => {
	const { out, changes, hints } = await run([row(0), row(1), row(0)], { dryRun: true });
	assert.equal(changes, 0);
	assert.deepEqual(out.map(({ wouldSend, dryRun, success }) => [wouldSend, dryRun, success]), [[true, true, undefined], [true, true, undefined], [false, true, undefined]]);
	assert.match(out[2].warnings.join(), /same group and key as row 1: would not be sent a second time/);
	assert.ok(hints.every((hint) => !/\bdone\b|succe/.test(hint)), hints.join());
	assert.match(hints.at(-1), /^2 of 3 rows would be sent, 1 skipped: /);
});

test('odd rows are done as before: one keeps the columns that can be read, one that is too long keeps none', async () => {
	const odd = row(0);
	Object.defineProperty(odd, 'thrower', { enumerable: true, get: () => { throw new Error('odd'); } });
	const { out, changes } = await run([odd, row(1, { long: 'x'.repeat(100_000) })], { confirm: false });
	assert.deepEqual([changes, out.map(({ success, Customer }) => [success, Customer])], [2, [[true, odd.Customer], [true, undefined]]]);
});

test('what every row that went well tells of itself is never covered by a column of its own', async () => {
	const told = { groupName: 'mine', groupNumber: 'grp0001', groupId: 28, licenseKey: 'ABCD-EFGH-IJKL-0001' };
	const rows = [told, told, { ...told, more: 1 }].map((json) => ({ json }));
	for (const parameters of [{ confirm: false }, { dryRun: true }, {}]) {
		const { fetch } = instant((url) => (url.includes('ReplaceGroup') ? { status: 204 } : { status: 200, body: JSON.stringify({ '@odata.count': 1, value: [{ Id: 28, Number: 'GRP0001', Name: 'One' }] }) }));
		const items = await execute(rows, credentials, { fetch, parameters });
		for (const { json } of items) {
			for (const name of Object.keys(told)) assert.ok(name in json && !['mine', 'grp0001'].includes(json[name]), `${name}: ${JSON.stringify(json)}`);
			assert.equal(json.licenseKey, '****-****-****-0001');
		}
		assert.deepEqual(items.map(({ json }) => json.more), [undefined, undefined, 1]);
	}
});

test('among more different columns than can be told apart, only one that is named is taken', async () => {
	const wide = (from) => Object.fromEntries(Array.from({ length: 5500 }, (_, column) => [`c${from + column}`, 1]));
	const sheet = [{ ...row(0), ...wide(0) }, { ...row(1), ...wide(10_000) }];
	assert.deepEqual((await sentOf(sheet)).codes, ['NO_COLUMN', 'NO_COLUMN']);
	const named = { groupColumn: 'Group ID', licenseKeyColumn: 'License Key' };
	assert.deepEqual((await sentOf(sheet, named)).keys, [key(0), key(1)]);
});
