// Builds dist/: the node's description and the WebAssembly module from Rust, then the TypeScript around them.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, rmSync } from 'node:fs';

const run = (command, ...args) => execFileSync(command, args, { stdio: 'inherit' });
const step = (text) => console.log(`• ${text}`);

if (!existsSync('node_modules/typescript')) {
	step('Installing build tools (npm ci)');
	run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error');
}
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
run(process.execPath, 'node_modules/typescript/bin/tsc', '-p', '.');
cpSync('portable/wasm.d.ts', 'dist/portable/wasm.d.ts');
for (const file of ['threecx.svg', 'threecx.dark.svg', 'Threecx.node.json']) {
	cpSync(`nodes/Threecx/${file}`, `dist/nodes/Threecx/${file}`);
}
