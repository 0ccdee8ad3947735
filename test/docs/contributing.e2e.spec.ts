import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { Shell } from './shell.ts';
import { applyTo, stepsUnder } from './walkThrough.ts';

const HEADING = '## How to add an event type';
const document = join(packageRoot, 'CONTRIBUTING.md');
const steps = stepsUnder(HEADING, document);
const changed = [...new Set(steps.flatMap(({ file, language }) => (language === 'ts' ? file! : [])))];
const spec = changed.find((file) => file.endsWith('.spec.ts'))!;

/** All that the walk-through changes, or that looks at what it changes. */
const NEEDED = [
  ...['package.json', 'tsconfig.json', '.swcrc', 'vitest.config.js', 'biome.json'],
  ...[
    'libs/contracts',
    'libs/ledger',
    'test/ledger',
    'test/contracts',
    'test/setup',
    'docs/events.md',
    'test/docs/events.unit.spec.ts',
  ],
];

let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'lading-walk-through-'));
  for (const path of NEEDED) cpSync(join(packageRoot, path), join(copy, path), { recursive: true });
  symlinkSync(join(packageRoot, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => {
  rmSync(copy, { recursive: true });
});

/** What a program of node_modules says when it fails; nothing when it does not. */
function complaints(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: copy, env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve(error === null ? '' : `${stdout}${stderr}`);
    });
  });
}

/** The types of what is changed and of all that it leads to; the whole would take three times as long. */
async function types(): Promise<string> {
  const only = { extends: './tsconfig.json', include: [], files: changed, compilerOptions: { incremental: false } };
  writeFileSync(join(copy, 'tsconfig.walk.json'), JSON.stringify(only));
  return complaints(['node_modules/typescript-native/bin/tsc', '-p', 'tsconfig.walk.json']);
}

const unit = (...args: string[]): Promise<string> =>
  complaints(['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', ...args], { LADING_RUNS: '40' });

/** The part of `npm run generate` that follows from the contracts, from the sources: it needs no build. */
const generate = (): Promise<string> =>
  complaints([
    ...['--conditions=source', '--import', './test/setup/typescript.mjs', '--input-type=module', '-e'],
    `import { writeFileSync } from 'node:fs';
     import { generatedFiles } from '#test/contracts/generatedFiles';
     for (const [path, text] of generatedFiles()) writeFileSync('libs/contracts/generated/' + path, text);`,
  ]);

describe('the walk-through of CONTRIBUTING.md, done as written', () => {
  it('fits the sources as they are, block by block', async () => {
    for (const step of steps.filter(({ language }) => language !== 'sh')) applyTo(copy, step);
    const shell = new Shell(copy, {});
    for (const { where, text } of steps.filter(({ language }) => language === 'sh')) {
      expect({ where, ...(await shell.run(text)) }).toMatchObject({ where, code: 0, output: '' });
    }
    await shell.close();
    expect(await generate()).toBe('');
  });

  it('makes a type that compiles, reads as formatted, and keeps its promises and everybody else’s', async () => {
    const manyHistories = 'random histories include every type of event'; // needs more histories than there is time for
    expect(readFileSync(join(copy, 'libs/ledger/src/invariants.unit.spec.ts'), 'utf8')).toContain(manyHistories);
    const [wrongTypes, wrongFormat, failed] = await Promise.all([
      types(),
      complaints(['node_modules/@biomejs/biome/bin/biome', 'format', ...changed]),
      unit(
        '-t',
        `^((?!${manyHistories}).)*$`,
        spec,
        'libs/contracts/src/golden',
        'libs/contracts/src/examples',
        'test/contracts/published',
        'libs/ledger/src/inv',
        'test/docs',
      ),
    ]);
    expect(wrongTypes).toBe('');
    expect(wrongFormat).toBe('');
    expect(failed).toBe('');
  });

  it('plants a bug that its spec notices', async () => {
    const [, file, bad, good] = /In `([^`]+)` write `([^`]+)` for `([^`]+)`/.exec(readFileSync(document, 'utf8')) ?? [];
    const path = join(copy, file!);
    const right = readFileSync(path, 'utf8');
    expect(right.split(good!)).toHaveLength(2);
    writeFileSync(path, right.replace(good!, bad!));
    expect(stripVTControlCharacters(await unit(spec))).toMatch(/Tests +1 failed \| 2 passed/);
  });
});
