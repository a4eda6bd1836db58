// A PBX of the tests' own on real sockets, TLS included: plays faults byte by byte, and keeps a ledger of what it did.
import { createServer } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { certificate } from '../../scripts/lib/certificate.mjs';

export const REPLACE = '/xapi/v1/Groups/Pbx.ReplaceGroupLicenseKey';
const PAGE = 100;

/** Whoever trusts `authority` trusts the PBX, but for what its faults show. */
const own = certificate(['localhost', '127.0.0.1']);
export const authority = own.cert;

const contexts = {
	own: createSecureContext(own),
	stranger: createSecureContext(certificate(['localhost', '127.0.0.1'])),
};
/** Certificates that whoever trusts `authority` must be told of, too: only their host or time is wrong. */
const misfits = {
	otherHost: certificate(['pbx.example.com']),
	expired: certificate(['localhost', '127.0.0.1'], { ends: Date.now() - 60_000 }),
};
export const authorities = [own, ...Object.values(misfits)].map(({ cert }) => cert).join('');
for (const [name, pair] of Object.entries(misfits)) contexts[name] = createSecureContext(pair);

/** The bytes of an answer; its length is told unless `headers` do. */
export function answer(status, body = '', headers = {}) {
	const bytes = Buffer.from(body);
	const isBodiless = status === 204 || status === 304 || status < 200;
	const told = { ...(isBodiless ? {} : { 'Content-Length': bytes.length, 'Content-Type': 'application/json' }), ...headers };
	const lines = Object.entries(told).map(([name, value]) => `${name}: ${value}\r\n`);
	return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Played\r\n${lines.join('')}\r\n`), bytes]);
}

export class Pbx {
	/**
	 * What to play is told by `onRequest(request)`: `{ fault, acts }` with a fault of faults.mjs and whether the request is
	 * carried out before; and by `onConnection(number, pbx)`, counted from 1. `keepAlive`: whether a connection serves more
	 * than one request.
	 */
	static async start({ groups = 40, onRequest = () => {}, onConnection = () => {}, keepAlive = true } = {}) {
		const pbx = new Pbx();
		Object.assign(pbx, { onRequest, onConnection, keepAlive });
		pbx.groups = Array.from({ length: groups }, (_, at) => ({
			Id: 28 + at,
			Number: `GRP${String(at).padStart(4, '0')}`,
			Name: `Company ${at}`,
			Props: { Subscription: 'None' },
		}));
		await pbx.listen();
		pbx.address = `https://127.0.0.1:${pbx.port}`;
		return pbx;
	}

	/** What was carried out, in order: `{ groupId, licenseKey, at }`. */
	ledger = [];
	/** What arrived whole, in order: `{ method, path, query, headers, body, fault }`. */
	requests = [];
	/** What a fault found out that should not be. */
	complaints = [];
	connections = 0;
	#sockets = new Set();
	#tokens = new Set();
	#working = 0;

	async listen() {
		this.server = createServer({ noDelay: true }, (raw) => this.#accept(raw));
		await new Promise((resolve, reject) => {
			this.server.once('error', reject).listen(this.port ?? 0, '127.0.0.1', resolve);
		});
		this.port = this.server.address().port;
	}

	/** From now on connections are refused; those that are open go on. */
	close() {
		this.server.close();
	}

	async stop() {
		this.server.close();
		for (const socket of this.#sockets) socket.destroy();
		await this.idle();
	}

	/** Waits until nothing is carried out any more. */
	async idle() {
		while (this.#working > 0) await new Promise((resolve) => setTimeout(resolve, 10));
	}

	/** The changes that arrived. */
	get changes() {
		return this.requests.filter(({ path }) => path === REPLACE);
	}

	#keep(socket) {
		this.#sockets.add(socket);
		socket.on('error', () => {});
		socket.once('close', () => this.#sockets.delete(socket));
	}

	#accept(raw) {
		this.#keep(raw);
		this.connections++;
		const fault = this.onConnection(this.connections, this) ?? {};
		if (fault.onAccept) return fault.onAccept(raw);
		const socket = new TLSSocket(raw, {
			isServer: true,
			secureContext: contexts[fault.certificate ?? 'own'],
			requestCert: fault.asksForCertificate === true,
			rejectUnauthorized: fault.asksForCertificate === true,
			ALPNProtocols: ['http/1.1'],
		});
		this.#keep(socket);
		if (fault.onSecure) return socket.once('secure', () => fault.onSecure(socket, raw));
		this.#serve(socket, raw);
	}

	/** One request after another. */
	async #serve(socket, raw) {
		let received = Buffer.alloc(0);
		try {
			for await (const piece of socket) {
				received = Buffer.concat([received, piece]);
				for (let read; (read = readRequest(received)); ) {
					received = received.subarray(read.length);
					await this.#handle(read.request, socket, raw);
					if (!this.keepAlive) socket.end();
				}
			}
		} catch {
			// The other side has gone.
		}
	}

	async #handle(request, socket, raw) {
		this.requests.push(request);
		const played = this.onRequest(request);
		const carryOut = () => this.#carryOut(request);
		if (!played) return void socket.write(carryOut());
		request.fault = played.fault;
		const real = played.acts ? carryOut() : undefined;
		this.#working++;
		try {
			await played.fault.play({ socket, raw, pbx: this, real, carryOut });
		} finally {
			this.#working--;
		}
	}

	/** Does what is asked and gives the answer's bytes. */
	#carryOut({ method, path, query, headers, body }) {
		const end = this.keepAlive ? {} : { Connection: 'close' };
		const json = (status, value) => answer(status, JSON.stringify(value), end);
		if (method === 'POST' && path === '/connect/token') {
			const token = `TOKEN-${this.#tokens.size + 1}-${Math.random().toString(36).slice(2)}`;
			this.#tokens.add(token);
			return json(200, { token_type: 'Bearer', expires_in: 3600, access_token: token, refresh_token: null });
		}
		const token = headers.authorization?.replace(/^Bearer /, '');
		if (!this.#tokens.has(token) && token !== READY_TOKEN) return json(401, {});
		if (method === 'GET' && path === '/xapi/v1/Groups') {
			const found = this.groups.filter(filter(query.get('$filter')));
			const skip = Number(query.get('$skip') ?? 0);
			const count = query.get('$count') === 'true' ? { '@odata.count': found.length } : {};
			return json(200, { ...count, value: found.slice(skip, skip + Math.min(PAGE, Number(query.get('$top') ?? PAGE))) });
		}
		if (method === 'GET' && path === '/xapi/v1/Defs') return json(200, { Id: 0 });
		if (method === 'POST' && path === REPLACE) {
			const { groupId, licenseKey } = JSON.parse(body);
			const group = this.groups.find(({ Id, Number: number }) => String(Id) === groupId || number === groupId);
			if (!group) return json(400, { error: { code: '', message: 'groupId:\nWARNINGS.XAPI.NOT_FOUND' } });
			this.ledger.push({ groupId, licenseKey, at: performance.now() });
			group.Props = { ...group.Props, Subscription: `Key ${licenseKey.slice(-4)}` };
			return answer(204, '', end);
		}
		return json(404, {});
	}
}

/** A token that is always taken. */
export const READY_TOKEN = 'TOKEN-READY-MADE';

/** `Id eq 28 or tolower(Number) eq 'grp0001'`. */
function filter(text) {
	if (!text) return () => true;
	const terms = text.split(' or ').map((term) => {
		const [, lower, name, value] = /^(tolower\()?(\w+)\)? eq (.*)$/.exec(term);
		const wanted = value.startsWith("'") ? value.slice(1, -1).replaceAll("''", "'") : Number(value);
		return (group) => (lower ? group[name].toLowerCase() : group[name]) === wanted;
	});
	return (group) => terms.some((holds) => holds(group));
}

/** The first request in `bytes`, once it is whole, and its length. */
function readRequest(bytes) {
	const end = bytes.indexOf('\r\n\r\n');
	if (end < 0) return undefined;
	const [first, ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
	const headers = Object.fromEntries(lines.map((line) => [line.split(':')[0].toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
	const length = end + 4 + Number(headers['content-length'] ?? 0);
	if (bytes.length < length) return undefined;
	const [method, target] = first.split(' ');
	const { pathname: path, searchParams: query } = new URL(target, 'https://pbx');
	return { length, request: { method, path, query, headers, body: bytes.subarray(end + 4, length).toString() } };
}
