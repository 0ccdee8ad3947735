import { existsSync, readFileSync } from 'node:fs';

const swc = JSON.parse(readFileSync(new URL('./.swcrc', import.meta.url), 'utf8'));
delete swc['$schema'];
// The tests run on the sources: a relative import stays `./x.ts`, which only a build turns into `./x.js`.
swc.jsc.rewriteRelativeImportExtensions = false;
swc.sourceMaps = 'inline';
swc.swcrc = false;

const base = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json', 'node'],
  modulePathIgnorePatterns: ['<rootDir>/dist(.new|.old)?/'],
  cacheDirectory: '<rootDir>/.cache/jest',
  setupFiles: ['<rootDir>/test/setup/realm.ts'],
  roots: ['apps', 'libs', 'test']
    .filter((dir) => existsSync(new URL(dir, import.meta.url)))
    .map((dir) => `<rootDir>/${dir}`),
};

const onRealServices = {
  globalSetup: '<rootDir>/test/setup/globalSetup.mjs',
  globalTeardown: '<rootDir>/test/setup/globalTeardown.mjs',
};

/** One project a suffix: the suffix states what a test costs. */
const project = (name, rest = {}) => ({ ...base, displayName: name, testMatch: [`**/*.${name}.spec.ts`], ...rest });

export default {
  maxWorkers: 3,
  coverageProvider: 'v8',
  testTimeout: 60_000,
  projects: [project('unit'), project('int', onRealServices), project('e2e', onRealServices)],
};
