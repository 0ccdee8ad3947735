import { runBuilt } from './runBuilt.mjs';

await runBuilt('apps/cli/src/main.js', ['up', '--demo', ...process.argv.slice(2)]);
