import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../ensure/root.mjs';

/** @param {string} path under node_modules */
const program = (path) => join(root, 'node_modules', path);
const sources = ['apps', 'libs', 'test'].filter((dir) => existsSync(join(root, dir)));

/**
 * The checks that run nothing: each counts as one test.
 * @type {{name: string, what: string, args: string[]}[]}
 */
export const staticChecks = [
  { name: 'format', what: 'formatting (Biome)', args: [program('@biomejs/biome/bin/biome'), 'format', '.'] },
  {
    name: 'lint',
    what: 'lint (oxlint)',
    args: [program('oxlint/bin/oxlint'), '--deny-warnings', '.'],
  },
  {
    name: 'lint',
    what: 'lint of the settings in plain JavaScript (ESLint)',
    args: [program('eslint/bin/eslint.js'), '--max-warnings', '0', '**/*.{js,cjs}', '**/vite.config.mjs'],
  },
  // TypeScript 7 is its compiler in Go, in a third of the time; the linters and Nest still need the one in JavaScript.
  { name: 'types', what: 'types (TypeScript)', args: [program('typescript-native/bin/tsc'), '-p', '.'] },
  {
    name: 'types',
    what: 'types of the dashboard, which a browser runs (TypeScript)',
    args: [program('typescript-native/bin/tsc'), '-p', 'apps/dashboard'],
  },
  {
    name: 'deps',
    what: 'the arrows between the parts (dependency-cruiser)',
    args: [program('dependency-cruiser/bin/dependency-cruise.mjs'), '--config', '.dependency-cruiser.cjs', ...sources],
  },
  {
    name: 'documents',
    what: 'the OpenAPI and AsyncAPI documents (Redocly, Spectral, AsyncAPI parser)',
    args: [join(root, 'scripts/test/lintDocuments.mjs')],
  },
];
