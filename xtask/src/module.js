'use strict';
// Made by `cargo xtask wasm` from the Rust sources in src/: WebAssembly and the glue around it.
const text = require('./wasm.json');
// The low byte of each character is a byte, shifted by what the first one has: a module begins with the byte 0.
const bytes = () => {
	const shifted = Buffer.from(text, 'latin1');
	const by = shifted[0];
	for (let at = 0; at < shifted.length; at++) shifted[at] -= by;
	return shifted;
};
exports.compile = () => new WebAssembly.Module(bytes());
exports.compileAside = () => WebAssembly.compile(bytes());
// Each instance has its own state. `host.queueMicrotask` runs what the instance does later.
exports.create = (module, host) => {
/* GLUE */
	const glue = { /* NAMES */ };
	const instance = new WebAssembly.Instance(module, { './core_bg.js': glue });
	__wbg_set_wasm(instance.exports);
	instance.exports.__wbindgen_start();
	return { execute, formFields, look, lookAt, lookFailed, lookFound, lookOn, lookRefused, loginName, systemEvents, crmTemplate, crmPost, crmSecret, unfinished, notBegun, breakdownHint, memory: instance.exports.memory };
};
