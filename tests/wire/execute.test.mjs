// Every fault of the wire, through the built module and Node's own fetch.
import { after, before, describe, test } from 'node:test';
import { connectionFaults, faults } from './faults.mjs';
import { authorities } from './pbx.mjs';
import { always, alwaysOnConnection, moments, once, onceOnConnection } from './scenario.mjs';
import { Client } from './support.mjs';

let client;
before(() => (client = new Client(authorities)));
after(() => client.stop());

describe('one row meets', { concurrency: 8 }, () => {
	for (const fault of faults) {
		for (const moment of moments(fault)) test(`${fault.name}, ${moment}`, () => once(fault, moment, client.run));
	}
	for (const fault of connectionFaults) test(`connection: ${fault.name}`, () => onceOnConnection(fault, client.run));
});

describe('all rows meet', { concurrency: 24 }, () => {
	for (const fault of faults.filter(({ again, tellsAlways }) => !again || tellsAlways)) {
		for (const moment of moments(fault)) test(`${fault.name}, ${moment}`, () => always(fault, moment, client.run));
	}
	for (const fault of connectionFaults) test(`connection: ${fault.name}`, () => alwaysOnConnection(fault, client.run));
});
