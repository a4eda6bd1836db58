// Builds dist/: the node's description and the WebAssembly module from Rust, then the TypeScript around them.
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { installTools } from './lib/install.mjs';
import { root, say as step } from './lib/run.mjs';

process.chdir(root);

const run = (command, ...args) => execFileSync(command, args, { stdio: 'inherit' });

await installTools();
const targets = execFileSync('rustup', ['target', 'list', '--installed'], { encoding: 'utf8' });
if (!targets.includes('wasm32-unknown-unknown')) {
	step('Adding the WebAssembly target to Rust');
	run('rustup', 'target', 'add', 'wasm32-unknown-unknown');
}
rmSync('dist', { recursive: true, force: true });
step('Making the description and the WebAssembly module (about a minute the first time)');
run('cargo', 'xtask', 'description');
run('cargo', 'xtask', 'wasm');
step('Compiling TypeScript');
const tsc = (...args) => run(process.execPath, 'node_modules/typescript/bin/tsc', '-p', '.', ...args);
tsc();
// Types for those who use the core without n8n; n8n needs none.
tsc('--declaration', '--emitDeclarationOnly', '--outDir', 'dist/types');
for (const name of ['index', 'crm', 'execute', 'failed', 'form', 'poll', 'types']) cpSync(`dist/types/portable/${name}.d.ts`, `dist/portable/${name}.d.ts`);
rmSync('dist/types', { recursive: true });
cpSync('portable/wasm.d.ts', 'dist/portable/wasm.d.ts');
// Not as TypeScript lays it out: n8n reads it at every start.
const properties = JSON.parse(readFileSync('nodes/Threecx/properties.json', 'utf8'));
writeFileSync('dist/nodes/Threecx/properties.json', JSON.stringify(properties));
const beside = [
	'Threecx/threecx.svg',
	'Threecx/threecx.dark.svg',
	'Threecx/Threecx.node.json',
	'Threecx/ThreecxCallTrigger.node.json',
	'ThreecxTrigger/ThreecxTrigger.node.json',
];
for (const file of beside) cpSync(`nodes/${file}`, `dist/nodes/${file}`);
run('cargo', 'xtask', 'schemas');
