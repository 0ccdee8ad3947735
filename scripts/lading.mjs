#!/usr/bin/env node
import { runBuilt } from './runBuilt.mjs';

await runBuilt('apps/cli/src/main.js', process.argv.slice(2));
