import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';

/** Instead of npm: it writes down what it was called for, and fails, so that nothing is built. */
const NPM = `import { writeFileSync } from 'node:fs'; writeFileSync('called-npm', process.argv.slice(2).join(' ')); process.exit(1);`;
/** Instead of a Lading: it is one for what looks after the packages. */
const RUNS = `
  import { needsPackages } from './ensure/running.mjs';
  needsPackages();
  console.log('runs');
  setInterval(() => undefined, 1_000);
`;

describe('a checkout whose lock file has changed', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lading-checkout-'));
    for (const path of ['scripts', 'libs/servers', 'nest-cli.json', 'package.json', 'package-lock.json'])
      await cp(join(packageRoot, path), join(folder, path), { recursive: true });
    await mkdir(join(folder, 'node_modules'));
    await writeFile(join(folder, 'node_modules/.lading-stamp'), 'of the lock file before');
    await mkdir(join(folder, 'dist/apps/cli/src'), { recursive: true });
    await writeFile(join(folder, 'dist/apps/cli/src/main.js'), `console.log('the build of before', process.argv[2]);`);
    await writeFile(join(folder, 'scripts/runs.mjs'), RUNS);
    await writeFile(join(folder, 'npm.js'), NPM);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const start = (...args: string[]): ChildProcess =>
    spawn(process.execPath, args, {
      cwd: folder,
      env: { ...process.env, npm_execpath: join(folder, 'npm.js'), NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const run = async (...args: string[]) => {
    const child = start(...args);
    let [output, said] = ['', ''];
    child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(child, 'close');
    return { code: child.exitCode, output, said };
  };
  const calledNpm = () => readFile(join(folder, 'called-npm'), 'utf8').catch(() => 'no');
  const whileOneRuns = async (work: () => Promise<void>) => {
    const running = start('scripts/runs.mjs');
    const ended = once(running, 'close');
    await once(running.stdout!, 'data');
    await work().finally(() => running.kill('SIGKILL'));
    await ended;
  };

  it('keeps the packages of a Lading that runs: a command that talks to it runs with them, too, and says so', async () => {
    await whileOneRuns(async () => {
      expect(await run('scripts/lading.mjs', 'status')).toEqual({
        code: 0,
        output: 'the build of before status\n',
        said: expect.stringMatching(/^package-lock\.json has changed\. Process \d+ runs .*stop it and start it again/),
      });
    });
    expect(await calledNpm()).toBe('no');
  });

  it.each([['scripts/start.mjs'], ['scripts/lading.mjs', 'up'], ['scripts/stack.mjs'], ['scripts/build.mjs']])(
    'is not set up by %s %s beneath a Lading that runs: its user is told to stop that one',
    async (...args) => {
      await whileOneRuns(async () => {
        expect(await run(...args)).toEqual({
          code: 1,
          output: '',
          said: expect.stringMatching(/^package-lock\.json has changed, and process \d+ runs .*: stop it, then try/),
        });
      });
      expect(await calledNpm()).toBe('no');
    },
  );

  it('is set up anew by any command when nothing runs, also after what ran was killed', async () => {
    await whileOneRuns(() => Promise.resolve());
    expect(await run('scripts/lading.mjs', 'status')).toMatchObject({ code: 1, said: expect.stringMatching(/npm ci/) });
    expect(await calledNpm()).toMatch(/^ci /);
  });
});
