// A wire with latency before a server on this machine: TLS outside, plain HTTP inside, every byte delayed each way.
import { connect, createServer } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

export class Wire {
	/**
	 * `to`: the server's address, such as `http://127.0.0.1:5000`; `delay`: milliseconds for each direction;
	 * `certificate`: `{ key, cert }` as PEM, without which the outside is plain HTTP as well.
	 */
	static async start({ to, delay = 0, certificate }) {
		const wire = new Wire(new URL(to), delay, certificate);
		await new Promise((resolve, reject) => wire.server.once('error', reject).listen(0, '127.0.0.1', resolve));
		const { port } = wire.server.address();
		wire.address = `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`;
		return wire;
	}

	constructor({ hostname, port }, delay, certificate) {
		this.target = { host: hostname, port: Number(port), noDelay: true };
		this.delay = delay;
		this.context = certificate && createSecureContext(certificate);
		this.sockets = new Set();
		this.resetCounts();
		// Whoever connects to `server` comes through the delay; behind it `terminator` takes the TLS off.
		this.server = createServer({ noDelay: true }, (outside) => {
			this.connections++;
			const inside = connect({ port: this.terminator.address().port, host: '127.0.0.1', noDelay: true });
			this.#keep(outside, inside);
			// The handshake of TCP has been answered by this machine: what follows pays for its round trip.
			const connected = performance.now() + 2 * this.delay;
			this.#carry(outside, inside, connected);
			this.#carry(inside, outside, 0);
		});
		this.terminator = createServer({ noDelay: true }, (outside) => this.#terminate(outside)).listen(0, '127.0.0.1');
	}

	/** Since the start or the last call: TCP connections, TLS handshakes done, and of those the resumed ones. */
	get counts() {
		const { connections, handshakes, resumed } = this;
		return { connections, handshakes, resumed };
	}

	resetCounts() {
		this.connections = this.handshakes = this.resumed = 0;
	}

	#terminate(outside) {
		const server = connect(this.target);
		this.#keep(outside, server);
		let plain = outside;
		if (this.context) {
			plain = new TLSSocket(outside, { isServer: true, secureContext: this.context, ALPNProtocols: ['http/1.1'] });
			this.#keep(plain);
			plain.once('secure', () => {
				this.handshakes++;
				this.resumed += Number(plain.isSessionReused());
			});
		}
		plain.pipe(server).pipe(plain);
		plain.once('close', () => server.destroy());
		server.once('close', () => plain.destroy());
	}

	/** Hands on what comes, in order, each piece `delay` after it came and none before `earliest`. */
	#carry(from, to, earliest) {
		// Timers of different lengths may fire in any order: each does what is due first.
		const due = [];
		const later = (action) => {
			if (this.delay === 0) return action();
			due.push(action);
			setTimeout(() => due.shift()(), Math.max(0, earliest - performance.now()) + this.delay);
		};
		from.on('data', (piece) => later(() => to.writable && to.write(piece)));
		from.once('end', () => later(() => to.end()));
		from.once('close', () => later(() => to.destroy()));
	}

	#keep(...sockets) {
		for (const socket of sockets) {
			this.sockets.add(socket);
			socket.on('error', () => {});
			socket.once('close', () => this.sockets.delete(socket));
		}
	}

	async stop() {
		const closed = [this.server, this.terminator].map((server) => new Promise((resolve) => server.close(resolve)));
		for (const socket of this.sockets) socket.destroy();
		await Promise.all(closed);
	}
}
