// American English in every text that people or models read: British spellings and common mistakes are found.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/lib/run.mjs';

/** British words; the endings that follow a stem are found with it. */
const BRITISH = [
	'(?:un)?licenc(?:e|es|ed|ing)\\b',
	'(?:behavi|col|endeav|fav|harb|hon|hum|lab|neighb|rum|vap)our',
	'(?:cent|fib|lit|lust|meag|met|spect|theat)re(?:d|s)?\\b',
	'(?:cata|ana|dia|epi|pro)logue(?:d|s)?\\b',
	'(?:anal|catal|paral)ys(?:e|ed|ing)\\b',
	'(?:cancel|channel|counsel|dial|fuel|fulfil|initial|label|level|model|quarrel|signal|total|travel|tunnel)l(?:ed|er|ers|ing)\\b',
	'(?:author|capital|categor|central|character|custom|final|general|harmon|initial|local|maxim|memor|minim|modern|normal|optim|organ|organis|prior|randomi|real|recogn|serial|standard|summar|synchron|util|visual)is(?:e|ed|er|es|ing|ation|ations)\\b',
	'(?:de|of|pre)fence\\b',
	'(?:ful|in|en)(?:fil|stil|rol)(?:s|ment)?\\b(?<!enroll|enrollment)',
	'(?:artefact|cheque|cosy|grey|jewellery|kerb|manoeuvre|mould|moustache|plough|practise[ds]?|programme|pyjamas|sceptic|storey|tyre)s?\\b',
	'(?:amongst|whilst|learnt|spelt|burnt|dreamt)\\b',
	'(?:acknowledge|judge)ment\\b',
	'ageing\\b',
];

/** Slips of the pen that keyboards make. */
const MISTAKES = [
	'accomodat\\w*|acheiv\\w*|adress\\w*|agian|alot\\b|ammount\\w*|apparant\\w*|appropiate|arguement\\w*|asyncronous|availible|avaliable',
	'becuase|begining|beleive\\w*|calender|charachter|commited|commiting|comparision|completly|concious|condidtion|definately|dependan(?:t|cy)',
	'desparate|diffrent|dissapear\\w*|embarass\\w*|enviroment|exeption|existance|familar|fourty|freind|goverment|grammer|guage|happend',
	'heirarchy|immediatly|independan(?:t|ce)|infomation|intial|interupt\\w*|knowlege|langauge|lenght|libary|maintain?ance|maintance|managment',
	'mesage|millenium|miniscule|mispell\\w*|neccessary|necesary|noticable|notifcation|occassion|occured|occuring|occurence|ommit\\w*|oppurtunity',
	'paramter|parrallel|passwrod|peice|persistant|postion|posession|prefered|prefering|proccess|profesional|pronounciation|publically|queu\\b',
	'reccomend\\w*|recieve\\w*|reciever|refered|refering|relevent|repitition|reponse|requst|resouce|responce|retreiv\\w*|rythm|seperat\\w*|sieze',
	'similiar|sincerly|succesful\\w*|succesfully|succeded|supercede|suprise|teh\\b|tommorow|transfered|transfering|truely|unfortunatly|untill\\b',
	'usefull|vaccum|wether\\b|wich\\b|wierd|writting|yeild',
];

/** What people may write in a column, which need not be American, and codes that others made. */
const THEIRS = /licence[_ ]?key|(?:PBX|3CX)-Adresse|\badresse\b/gi;

const wrong = new RegExp(`\\b(?:${[...BRITISH, ...MISTAKES].join('|')})`, 'gi');

function mistakes(text) {
	return [...text.replaceAll(THEIRS, '').replaceAll(/\b[A-Z_]{4,}\b/g, '').matchAll(wrong)].map(([found]) => found);
}

/** The files below a folder that have one of the endings. */
function files(folder, endings) {
	const entries = readdirSync(join(root, folder), { withFileTypes: true, recursive: true });
	return entries
		.filter((entry) => entry.isFile() && endings.includes(extname(entry.name)))
		.map(({ parentPath, name }) => relative(root, join(parentPath, name)));
}

const read = (name) => readFileSync(join(root, name), 'utf8');

/** String literals of Rust and TypeScript, without names of codes such as `ErrNoReply`. */
function literals(source) {
	return [...source.matchAll(/"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\.){3,}'|`(?:[^`\\]|\\[\s\S])*`/g)].map(([literal]) => literal);
}

/** What the literals of a source of Rust hold, tests and comments left out. */
function textsOfRust(name) {
	const code = read(name).split('#[cfg(test)]\nmod tests {')[0].replaceAll(/^\s*\/\/.*$|'"'/gm, '');
	return [...code.matchAll(/"((?:[^"\\]|\\[\s\S])*)"/g)].map(([, text]) => text.replaceAll(/\\\n\s*/g, ''));
}

/** Texts of JSON by key: names of the API are spelled as 3CX spells them. */
function texts(value, key = '') {
	const isShown = ['action', 'description', 'displayName', 'name', 'placeholder', 'hint'].includes(key);
	if (typeof value === 'string') return isShown && /[ a-z]/.test(value) ? [value] : [];
	return Object.entries(value ?? {}).flatMap(([inner, of]) => texts(of, Array.isArray(value) ? key : inner));
}

/** The words of the definition; fields and enums are worded by src/n8n/words.rs, whose labels have a test of their own. */
function offered() {
	const { resources, properties } = JSON.parse(read('node-definition.json'));
	const operations = resources.flatMap(({ operations }) => operations.map(({ name, action, description }) => [name, action, description]));
	return [...operations.flat(), ...resources.flatMap(({ name, description = '' }) => [name, description]), ...texts(properties)];
}

test('what people and models read of operations and forms is American English', () => {
	const all = offered();
	assert.ok(all.length > 2000, `${all.length} texts`);
	for (const text of all) assert.deepEqual(mistakes(text), [], text);
});

test('the documents are', () => {
	// docs/operations.md has the words of the definition, and values as 3CX spells them.
	const pages = [...files('docs', ['.md']), ...files('examples', ['.md'])].filter((name) => name !== 'docs/operations.md');
	const documents = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...pages];
	assert.ok(documents.length >= 6);
	for (const name of documents) {
		const text = read(name).replaceAll(/`[^`]*`/g, '');
		assert.deepEqual(mistakes(text), [], name);
	}
});

test('the texts of the source are', () => {
	const folders = [['src', ['.rs']], ['nodes', ['.ts']], ['credentials', ['.ts']], ['portable', ['.ts']]];
	const names = folders.flatMap(([folder, endings]) => files(folder, endings)).filter((name) => !name.endsWith('words.rs'));
	const found = names.flatMap((name) => literals(read(name)).flatMap((literal) => mistakes(literal).map((word) => `${name}: ${word}`)));
	assert.ok(names.length >= 40);
	assert.deepEqual(found, []);
});

test('what people read stands in src/n8n, and nowhere else in the core', () => {
	const isTest = (name) => /(?:tests|testing|hostile|offered|samples|simulated|arbitrary)\.rs$|\/tests\/[^\/]*\.rs$/.test(name);
	const elsewhere = files('src', ['.rs']).filter((name) => !name.startsWith('src/n8n/') && !isTest(name));
	assert.ok(elsewhere.length >= 40);
	// Two words in small letters.
	const isSentence = (text) => /[a-z’']{2,},? [a-z]{2,}/.test(text.replaceAll(/\{[^}]*\}/g, 'x'));
	const found = elsewhere.flatMap((name) => textsOfRust(name).filter(isSentence).map((text) => `${name}: ${text}`));
	assert.deepEqual(found, [
		'src/crm/template.rs: <?xml version=',
		'src/operation/choices.rs: not startswith({},{})',
		"src/operation/query.rs: ({name} eq null or {name} eq '')",
		"src/operation/query.rs: ({name} ne null and {name} ne '')",
		'src/operation/query.rs: {name} eq null',
		'src/operation/query.rs: {name} ne null',
		'src/replace/one_pbx.rs: web client',
		'src/replace/row.rs: [object object]',
		'src/rows/json.rs: end of hex escape',
		'src/xapi/response.rs: <!doctype html',
		'src/xapi/transport.rs: bad port',
	]);
});

test('rooms hand their data up to the words and know nothing of them', () => {
	// The last is of the job as a whole, words included.
	const above = /^src\/(?:n8n\/|wasm\/|operation\/|call_log\/|lib\.rs$|replace\/tests)/;
	const below = files('src', ['.rs']).filter((name) => !above.test(name));
	for (const room of ['calls', 'crm', 'replace', 'rows', 'trigger', 'xapi']) assert.ok(below.some((name) => name.startsWith(`src/${room}/`)), room);
	assert.deepEqual(below.filter((name) => /(?:crate|super)::(?:\{[^;]*)?\bn8n\b/.test(read(name))), []);
});

test('a message names fields and buttons as the form, the credential or n8n shows them', () => {
	const shown = (name) => [...read(name).matchAll(/displayName: '([^']+)'|\bname: '([A-Z][^']+)'/g)].map(([, one, other]) => one ?? other);
	const forms = [...files('nodes', ['.ts']), ...files('credentials', ['.ts'])].flatMap(shown);
	const labels = [...offered(), ...forms, 'Retry On Fail', 'Execute Once', 'Poll Times', 'Map Each Column Manually', 'Extract From File', 'Starting Line', 'Header Row'].map((label) => label.replace(/ \(.*\)$/, '')).filter((label) => / /.test(label));
	assert.ok(forms.length >= 30, `${forms.length} labels`);
	/** Names of 3CX's own pages, roles and editions, of columns, of operations of old, and what begins a sentence. */
	const theirs = /\b(?:Make|Group (?:ID|Name|Number)|Fixed to Expression|3CX Admin|System Owner|Configuration API Access|Enterprise or AI|Free or Pro|(?:client )?ID and API|(?:The|This|Use the|Give the) (?:PBX|API|ID)(?:’s|'s)?|An ID|Older 3CX|Batch Contacts Delete|Test Email|N8N_SSRF\w+)/g;
	const longest = labels.sort((one, other) => other.length - one.length);
	const named = /\b[A-Z][\w’']*(?:(?: (?:at|by|for|of|on|or|per|the|to))* [A-Z][\w’']*)+/g;
	const unknown = ['failure', 'fault', 'hints', 'misuse', 'refused', 'replaced', 'watch'].flatMap((room) => {
		return textsOfRust(`src/n8n/${room}.rs`).flatMap((text) => {
			const rest = longest.reduce((rest, label) => rest.replaceAll(label, '…'), text.replaceAll(theirs, '…'));
			return [...rest.matchAll(named)].map(([phrase]) => `${room}: ${phrase}`);
		});
	});
	assert.deepEqual(unknown, []);
});

test('who uses the core without n8n is told nothing about it', () => {
	// One room only makes a page for people.
	const rooms = files('src/n8n', ['.rs']).filter((name) => !name.endsWith('troubleshooting.rs'));
	const found = rooms.flatMap((name) => literals(read(name).split('#[cfg(test)]')[0])).filter((text) => text.includes('n8n'));
	// Only n8n's helper blocks addresses, and only n8n has Retry On Fail.
	assert.equal(found.length, 3);
	for (const text of found) assert.match(text, /^"n8n is set not to call|^"n8n does not allow calls|^"Retry On Fail is on/);
});

test('British and misspelled words would be found, and American ones are not', () => {
	const found = 'The licence of the behaviour was cancelled; analysing colours, centre, organisation, recieve, seperate, whilst';
	assert.equal(mistakes(found).length, 10);
	const fine = 'The license of the behavior was canceled; analyzing colors, center, organization, receive, separate, while, analyses';
	assert.deepEqual(mistakes(`${fine}; installed, enrolled, controller, exercise, promise, advertise, otherwise, four, hour, your`), []);
});
