// npm run docs: makes the pictures of the README and docs/operations.md anew. The tests that see what these show make
// them; without UPDATE_DOCS, they tell what is out of date.
import { buildSimulator, buildTarball, installJudges, installN8n } from './lib/install.mjs';
import { Steps } from './lib/steps.mjs';

process.env.UPDATE_DOCS = 'yes';
const steps = new Steps();
await steps.command('docs/troubleshooting.md', [], 'cargo', 'test', '--quiet', '--package', 'threecx-core', 'page_of_messages');
const tarball = await steps.step('The tarball', [], buildTarball);
const simulator = await steps.step('The simulator', [], buildSimulator);
const judges = await steps.step('The judges of requests', [], installJudges);
const operations = ['--test-reporter=spec', 'tests/operations/operations.test.mjs'];
await steps.command('docs/operations.md', [tarball, simulator, judges], process.execPath, ...operations);
const n8n = await steps.step('n8n', [], installN8n);
await steps.nodeTests('docs/images', [tarball, simulator, n8n], 'tests/browser/');
process.exitCode = steps.end();
