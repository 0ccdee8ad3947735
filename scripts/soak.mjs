import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensure } from './ensure.mjs';
import { root } from './ensure/root.mjs';

// `npm run soak [-- EVENTS]`: a browser follows an hour's events and scrolls through all of them, on a database of its own. It takes minutes.
await ensure({ client: true });
const hooks = pathToFileURL(join(root, 'test/setup/typescript.mjs')).href;
const program = join(root, 'test/dashboard/runSoak.ts');
const args = ['--conditions=source', '--import', hooks, program, ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
process.exitCode = status ?? 1;
