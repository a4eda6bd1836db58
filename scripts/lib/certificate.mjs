// Certificates for tests: X.509 written by hand (RFC 5280), because not every machine has an openssl.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

const HOUR = 3_600_000;

/** A DER value (X.690). */
function der(tag, ...parts) {
	const body = Buffer.concat(parts);
	if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body]);
	const digits = body.length.toString(16);
	const length = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
	return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}
const sequence = (...parts) => der(0x30, ...parts);
const set = (...parts) => der(0x31, ...parts);
const id = (hex) => der(0x06, Buffer.from(hex, 'hex'));
const text = (value) => der(0x0c, Buffer.from(value));
const bits = (bytes) => der(0x03, Buffer.from([0]), bytes);
/** UTCTime: `YYMMDDHHMMSSZ`. */
const time = (milliseconds) => der(0x17, Buffer.from(`${new Date(milliseconds).toISOString().replace(/\D/g, '').slice(2, 14)}Z`));
const pem = (label, bytes) => `-----BEGIN ${label}-----\n${bytes.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;

const ECDSA_WITH_SHA256 = sequence(id('2a8648ce3d040302'));
const COMMON_NAME = id('550403');
const SUBJECT_ALTERNATIVE_NAME = id('551d11');

/**
 * A certificate signed by itself, and so its own authority: `{ key, cert }` as PEM.
 * `hosts`: names and IPv4 addresses that it is valid for; `ends`: milliseconds since 1970.
 */
export function certificate(hosts, { ends = Date.now() + 24 * HOUR } = {}) {
	const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
	const name = sequence(set(sequence(COMMON_NAME, text(hosts[0]))));
	const names = hosts.map((host) =>
		isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host)),
	);
	const content = sequence(
		der(0xa0, der(0x02, Buffer.from([2]))), // version 3
		der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])), // serial number
		ECDSA_WITH_SHA256,
		name, // issuer
		sequence(time(Math.min(Date.now(), ends) - HOUR), time(ends)),
		name, // subject
		publicKey.export({ type: 'spki', format: 'der' }),
		der(0xa3, sequence(sequence(SUBJECT_ALTERNATIVE_NAME, der(0x04, sequence(...names))))),
	);
	const signature = sign('sha256', content, privateKey);
	return {
		key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
		cert: pem('CERTIFICATE', sequence(content, ECDSA_WITH_SHA256, bits(signature))),
	};
}
