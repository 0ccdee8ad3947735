import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import swc from '@swc/core';
import { defineConfig } from 'vitest/config';

const { $schema: _, ...options } = JSON.parse(readFileSync(new URL('./.swcrc', import.meta.url), 'utf8'));
// The tests run on the sources: a relative import stays `./x.ts`, which only a build turns into `./x.js`.
options.jsc.rewriteRelativeImportExtensions = false;

/** What the build does too: Vite's own transform does not write what Nest reads of a constructor (`decoratorMetadata`). */
const typescript = {
  name: 'typescript',
  enforce: 'pre',
  transform(code, id) {
    const [filename] = id.split('?');
    return filename.endsWith('.ts') ? swc.transform(code, { ...options, filename, swcrc: false }) : null;
  },
};

// Every commit tries the same histories, so that what fails is the commit's; LADING_SEED=random tries others (CONTRIBUTING).
if (!/^\d+$/.test(process.env.LADING_SEED ?? '')) {
  process.env.LADING_SEED = String(process.env.LADING_SEED === 'random' ? randomInt(2 ** 31) : 1);
  process.stdout.write(`random tests: LADING_SEED=${process.env.LADING_SEED}\n`);
}

const conditions = ['source', 'node'];

/** One project a suffix: the suffix states what a test costs. */
const project = (name, rest = {}) => ({
  extends: true,
  test: { name, include: [`{apps,libs,test}/**/*.${name}.spec.ts`], ...rest },
});
const onRealServices = { globalSetup: 'test/setup/globalSetup.mjs' };

export default defineConfig({
  plugins: [typescript],
  oxc: false,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    setupFiles: 'test/setup/seed.ts',
    // The test files of a worker share its modules, as the requests of a process do: to load Nest anew for each took a third of all time.
    isolate: false,
    pool: 'forks',
    maxWorkers: 3,
    // libs/contracts/src/browser.unit.spec.ts runs the contracts in a realm without Node.
    execArgv: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
    // For what hangs. No test depends on a time: the slowest takes half a minute, and a slow machine may take ten times as long.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // `faults` is run by its own command, and by no other.
    projects: [project('unit'), ...['int', 'e2e', 'faults'].map((name) => project(name, onRealServices))],
  },
});
