import { beforeAll, describe, expect, it } from 'vitest';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { ensureBuild } from '#scripts/ensure/build.mjs';
import { programOf } from '#scripts/ensure/projects.mjs';

const asModule = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
/** Says the address of each module that is loaded. */
const TELLS = asModule(`
  import { register } from 'node:module';
  register(${JSON.stringify(
    asModule(
      'export async function load(url, context, next) { process._rawDebug(`loaded ${url}`); return next(url, context); }',
    ),
  )});
`);
/** The file that says the version cannot be read. */
const CANNOT_READ = asModule(`
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const { readFileSync } = fs;
  fs.readFileSync = (path, ...rest) => {
    if (String(path).endsWith('package.json')) throw new Error('planted');
    return readFileSync(path, ...rest);
  };
  syncBuiltinESMExports();
`);

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
}

const run = (app: string, nodeOptions: readonly string[], args: readonly string[]): Promise<Ran> =>
  promisify(execFile)(process.execPath, [...nodeOptions, join(packageRoot, programOf(app)), ...args], {
    env: { ...process.env, NODE_OPTIONS: '', LADING_PORT: 'none' },
  }).catch((ended: unknown) => ended as Ran);

/** The packages whose code is in the files that a program loads: a bundle says above each module where it is from. */
async function packagesIn(app: string, ...args: string[]): Promise<ReadonlySet<string>> {
  const { stderr } = await run(app, ['--import', TELLS], args);
  const files = [...stderr.matchAll(/^loaded (file:.*)$/gm)].map(([, url = '']) => fileURLToPath(url));
  const codes = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const of = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name);
  return new Set([
    ...codes.flatMap((code) => of(code, /^\/\/ (?:\.\.\/)*node_modules\/((?:@[^/]+\/)?[^/]+)/gm)),
    ...files.flatMap((file) => of(file, /node_modules\/((?:@[^/]+\/)?[^/]+)/g).map((name) => `${name}, not bundled`)),
  ]);
}

const HEAVY = ['@nestjs/common', '@nestjs/core', 'fastify', 'typeorm', 'kafkajs', 'pg'];

describe('the bundles of the programs', () => {
  beforeAll(() => ensureBuild());

  it('hold all packages of a service: none is loaded from its folder', async () => {
    const packages = await packagesIn('query');
    expect([...packages]).toEqual(expect.arrayContaining(['@nestjs/core', 'fastify', 'pg']));
    expect([...packages].filter((name) => name.endsWith('not bundled'))).toEqual([]);
  });

  it.each([
    ['--version'],
    ['holdings', '--help'],
    ['submit', '--help'],
    ['demo', '--help'],
    ['status', '--help'],
    ['dashboard', '--help'],
  ])('load what a client needs, and nothing of a service: lading %s %s', async (...args) => {
    const packages = await packagesIn('cli', ...args);
    expect(packages).toContain('commander');
    expect(HEAVY.filter((name) => packages.has(name))).toEqual([]);
  });

  it('load the client of Kafka only where Kafka is read', async () => {
    for (const command of ['verify', 'replay', 'export'])
      expect([...(await packagesIn('cli', command, '--help'))]).not.toContain('kafkajs');
    expect([...(await packagesIn('relay'))]).toContain('kafkajs');
  });

  it('name files and lines of the sources where something fails', async () => {
    const { stderr } = await run('cli', ['--enable-source-maps', '--import', CANNOT_READ], ['--version']);
    const source = await readFile(join(packageRoot, 'apps/cli/src/program.ts'), 'utf8');
    const line = source.split('\n').findIndex((text) => text.includes("'package.json'")) + 1;
    expect(stderr).toContain('Error: planted');
    expect(stderr).toContain(`apps/cli/src/program.ts:${line}:`);
  });
});
