'use strict';
// Made by `cargo xtask wasm` from the Rust sources in src/: WebAssembly and the glue around it.
const hex = require('./wasm.json');
const bytes = () => Buffer.from(hex, 'hex');
exports.compile = () => new WebAssembly.Module(bytes());
exports.compileAside = () => WebAssembly.compile(bytes());
// Each instance has its own state. `host.queueMicrotask` runs what the instance does later.
exports.create = (module, host) => {
/* GLUE */
	const glue = { /* NAMES */ };
	const instance = new WebAssembly.Instance(module, { './core_bg.js': glue });
	__wbg_set_wasm(instance.exports);
	instance.exports.__wbindgen_start();
	return { execute, formFields, look, lookAt, lookFailed, lookFound, lookOn, systemEvents, crmTemplate, crmPost, crmSecret, unfinished, notBegun, breakdownHint, memory: instance.exports.memory };
};
