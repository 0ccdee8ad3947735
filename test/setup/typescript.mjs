import { register } from 'node:module';

// `node --conditions=source --import ./test/setup/typescript.mjs file.ts` runs a file from the sources: for tests that need
// a separate process, without a build that could be out of date.
register('./typescriptHooks.mjs', import.meta.url);
