import { register } from 'node:module';

// `node --conditions=source --import ./test/setup/typescript.mjs file.ts` runs a file from the sources: for tests that need
// a process of its own, without a build that could be of yesterday.
register('./typescriptHooks.mjs', import.meta.url);
