import { runBuilt } from './runBuilt.mjs';

await runBuilt('test/tour/main.js', process.argv.slice(2));
