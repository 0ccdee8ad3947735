import { runBuilt } from './runBuilt.mjs';

await runBuilt('test/bench/main.js', process.argv.slice(2));
