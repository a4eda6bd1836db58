/**
 * What a change can meet on its way, and what may be told of its row.
 *
 * - `play`: answers, or does what comes in place of an answer.
 * - `only`: played `before` the change is carried out only (whoever answers like this has not done it, or does it in
 *   `play`), or `after` it only; left out, both are played.
 * - `tells`: outcomes that are allowed where one row meets it once; `tellsAlways`, where it is met at every try.
 * - `again`: the change may be sent again after it.
 * - `most`: how many changes are sent where all meet it; all of them, if left out.
 * - `hangs`: it is the caller's time-out that ends it.
 */
import { constants, deflateRawSync } from 'node:zlib';
import { answer, REPLACE } from './pbx.mjs';

/** Five answers in a row that may have acted end the sending. */
const BRAKE = 5;
const unknown = { tells: ['unknown'], most: BRAKE };
/** What would come to every row ends the sending at once. */
const unknownToAll = { tells: ['unknown'], most: 1 };
const refused = { tells: ['refused'], only: 'before' };
const refusedToAll = { ...refused, most: 1 };
const done = { tells: ['success'], only: 'after' };
/** How many pieces of what never ends are taken at most: until the time-out there is room for three times as many. */
const MOST_PIECES = 500;

const PAGE = '<!DOCTYPE html>\n<html><head><title>Proxy</title></head><body>Sign in</body></html>';
const page = (status, headers) => answer(status, PAGE, { 'Content-Type': 'text/html', ...headers });

const send = (bytes) => ({ socket }) => void socket.write(bytes);
const sendAndEnd = (bytes) => ({ socket }) => void socket.end(bytes);
const sendAndReset = (bytes) => ({ socket, raw }) => void socket.write(bytes, () => raw.resetAndDestroy());
/** Under the TLS, as from a box on the way. */
const sendBelow = (bytes) => ({ raw }) => void raw.write(bytes);
const closed = (socket) => new Promise((resolve) => (socket.destroyed ? resolve() : socket.once('close', resolve)));
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function drip(socket, bytes, milliseconds) {
	for (const byte of bytes) {
		if (socket.destroyed) return;
		socket.write(Buffer.from([byte]));
		await pause(milliseconds);
	}
}

/** Sends without end, and complains if all of it is taken. */
async function flood({ socket, pbx }, head, piece) {
	const gone = closed(socket);
	socket.write(head);
	for (let taken = 0; !socket.destroyed; taken++) {
		if (taken > MOST_PIECES) {
			pbx.complaints.push(`more than ${MOST_PIECES} pieces of one answer were taken`);
			return void socket.destroy();
		}
		if (!socket.write(piece)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), gone]);
		await pause(5);
	}
}

const entry = (rules) => ([name, play]) => ({ name, play: Buffer.isBuffer(play) ? send(play) : play, ...rules });
const all = (rules, plays) => Object.entries(plays).map(entry(rules));
const statuses = (rules, codes, body = '{}') => codes.map((code) => entry(rules)([`status ${code}`, answer(code, body)]));

const GZIP_HEAD = Buffer.from('1f8b0800000000000003', 'hex');
const MILLION = 1_000_000;
/** A million spaces, compressed so that they can follow each other. */
const GZIP_PIECE = deflateRawSync(Buffer.alloc(MILLION, ' '), { finishFlush: constants.Z_FULL_FLUSH });
const endless = (headers) => answer(200, '', { 'Content-Length': 1e12, ...headers });
const unended = answer(200, '{"a":', { 'Content-Length': 100 });

export const faults = [
	// The closed list of refusals.
	...statuses(refused, [400, 404, 405, 406, 411, 413, 414, 415, 422]),
	...statuses(refusedToAll, [403]),
	...all(refusedToAll, { '403 with a page': page(403), '404 with a page': page(404) }),
	// A newer token mends it, once.
	...statuses({ tells: ['success'], tellsAlways: ['refused'], only: 'before', again: true, most: 3 }, [401]),
	// A 429 is one whatever its body, and its time comes.
	...all({ tells: ['success'], only: 'before', again: true }, {
		'status 429': answer(429, '{}'),
		'429 with nothing': answer(429),
		'429 with a page': page(429),
		'429 with a page, to wait': page(429, { 'Retry-After': '1' }),
		'429, to wait': answer(429, '{}', { 'Retry-After': '1' }),
		'429, to wait until a past date': answer(429, '{}', { 'Retry-After': 'Wed, 21 Oct 2015 07:28:00 GMT' }),
		'429, to wait nonsense': answer(429, '{}', { 'Retry-After': '-1e999' }),
	}),

	// It says that nothing was done (RFC 9110, 15.5.20), and Node's own fetch sends again by itself.
	...statuses({ tells: ['unknown', 'success'], tellsAlways: ['unknown'], only: 'before', again: true, most: 2 * BRAKE }, [421]),

	// Everything else proves nothing: other statuses,
	...[100, 101, 102, 103].map((code) => entry(unknown)([`status ${code} and the end`, sendAndEnd(answer(code))])),
	...statuses(unknown, [201, 202, 203, 206, 207, 226, 299]),
	...statuses(unknown, [300, 304, 305, 399], ''),
	...[301, 302, 303, 307, 308].flatMap((code) =>
		all(unknownToAll, {
			[`status ${code} to another place`]: answer(code, '', { Location: '/xapi/v1/Elsewhere' }),
			[`status ${code} to the same place`]: answer(code, '', { Location: REPLACE }),
			[`status ${code} to nowhere`]: answer(code),
		}),
	),
	...statuses(unknown, [402, 407, 408, 409, 410, 412, 416, 417, 418, 423, 424, 425, 426, 428, 431, 451, 460, 499]),
	...statuses(unknown, [500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 520, 521, 522, 525, 530, 599]),
	...statuses(unknown, [600, 700, 799, 999]),
	// other bodies,
	...all(unknown, {
		'200 with nothing': answer(200),
		'200 with an error': answer(200, '{"error":{"code":"","message":"WARNINGS.LICENSE_NOT_FOUND"}}'),
		'200 with false': answer(200, 'false'),
		'200 with null': answer(200, 'null'),
		'200 with a list': answer(200, '[]'),
		'200 with a number': answer(200, '1'),
		'200 with half a text': answer(200, '{"a":'),
		'205 with nothing': answer(205),
		'502 with a page': page(502),
		'503 with a page': page(503),
		'504 with a page': page(504),
		'503, to wait': answer(503, '', { 'Retry-After': '1' }),
	}),
	...all(unknownToAll, { '200 with a page': page(200) }),
	// answers that are spoilt on the way,
	...all(unknown, {
		'400 cut off': sendAndEnd(answer(400, '{"error":', { 'Content-Length': 100 })),
		'200 cut off': sendAndEnd(unended),
		'200 cut off by a reset': sendAndReset(unended),
		'200 longer than told': answer(200, '{"a":1}', { 'Content-Length': 3 }),
		'200 of two lengths': sendAndEnd(answer(200, '{}', { 'Content-Length': '2\r\nContent-Length: 5' })),
		'200 in broken chunks': sendAndEnd('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n'),
		'200 that only claims gzip': answer(200, 'not so', { 'Content-Encoding': 'gzip' }),
		'broken headers': sendAndEnd('HTTP/1.1 204 No Content\r\nX-\u0001 y: \u0000\r\n\r\n'),
		'headers beyond all bounds': sendAndEnd(answer(204, '', { 'X-Filler': 'x'.repeat(200_000) })),
		'something else than HTTP': sendAndEnd('220 mail.example.com ESMTP\r\n'),
		'the end half-way through the headers': sendAndEnd('HTTP/1.1 204 No Con'),
		'a reset half-way through the headers': sendAndReset('HTTP/1.1 204 No Content\r\nX-A:'),
		'the end': ({ socket }) => void socket.end(),
		'a reset': ({ raw }) => void raw.resetAndDestroy(),
		'a TLS alert': sendBelow(Buffer.from('15030300020228', 'hex')),
		'plain HTTP under the TLS': sendBelow('HTTP/1.1 400 Bad Request\r\n\r\n'),
	}),
	// and what does not end by itself.
	...all({ ...unknown, hangs: true }, {
		silence: () => {},
		'headers and silence': unended,
		'a drip too slow': ({ socket }) => drip(socket, answer(204), 1000),
		'an endless body': (way) => flood(way, endless(), Buffer.alloc(256_000, ' ')),
		'an endless gzip': (way) => flood(way, Buffer.concat([endless({ 'Content-Encoding': 'gzip' }), GZIP_HEAD]), GZIP_PIECE),
	}),
	...all({ ...unknown, hangs: true, only: 'before' }, {
		'done when nobody waits any more': ({ socket, carryOut }) => closed(socket).then(carryOut),
	}),

	// It is done, and that can be read.
	...all(done, { 'the answer, byte by byte': ({ socket, real }) => drip(socket, real, 5) }),
	...all({ ...done, tells: ['success', 'unknown'] }, {
		'103 and the answer': ({ socket, real }) => void socket.write(Buffer.concat([answer(103, '', { Link: '</a>' }), real])),
		'the answer and stray bytes': ({ socket, real }) => void socket.write(Buffer.concat([real, answer(400)])),
	}),
];

/** No byte of a change can have left. */
const notSent = { tells: ['notSent', 'success'], tellsAlways: ['notSent', 'skipped'] };
/** None has left, but not everybody can tell. */
const maybeNotSent = { tells: ['notSent', 'unknown', 'success'], tellsAlways: ['notSent', 'skipped', 'unknown'], most: BRAKE };

/**
 * What can become of a connection, before any change is read from it. Nothing is ever carried out.
 * `connection`: what the PBX does with it; `most`: how many rows are unknown at most where all meet it.
 */
export const connectionFaults = [
	{ name: 'refused', connection: 'refuse', ...notSent },
	{ name: "another host's certificate", connection: { certificate: 'otherHost' }, ...notSent },
	{ name: 'a certificate that nobody vouches for', connection: { certificate: 'stranger' }, ...notSent },
	{ name: 'an expired certificate', connection: { certificate: 'expired' }, ...notSent },
	{ name: 'a reset at once', connection: { onAccept: (raw) => raw.resetAndDestroy() }, ...maybeNotSent },
	{ name: 'the end at once', connection: { onAccept: (raw) => raw.end() }, ...maybeNotSent },
	{ name: 'plain HTTP', connection: { onAccept: (raw) => raw.once('data', () => raw.end('HTTP/1.1 400 Bad Request\r\n\r\n')) }, ...maybeNotSent },
	{ name: 'a handshake that never ends', connection: { onAccept: () => {} }, ...maybeNotSent, hangs: true },
	{ name: 'a reset after the handshake', connection: { onSecure: (_, raw) => raw.resetAndDestroy() }, ...unknown },
	{ name: 'the end after the handshake', connection: { onSecure: (socket) => socket.end() }, ...unknown },
	{ name: 'a certificate asked for, and missed after the handshake', connection: { asksForCertificate: true }, ...unknown },
	{ name: 'silence after the handshake', connection: { onSecure: () => {} }, ...unknown, hangs: true },
].map((fault) => ({ tellsAlways: [...fault.tells, 'notSent', 'skipped'], ...fault }));
