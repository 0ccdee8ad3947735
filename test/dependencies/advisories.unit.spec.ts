import { afterAll, describe, expect, it } from 'vitest';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { advisories } from '#scripts/dependencies/advisories.mjs';
import { compareVersions } from '#scripts/dependencies/compareVersions.mjs';

const folder = mkdtempSync(join(tmpdir(), 'lading-advisories-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const lock = file('package-lock.json', {
  packages: {
    '': { name: 'made-up', version: '1.0.0' },
    'node_modules/crate': { version: '2.4.0' },
    'node_modules/pallet': { version: '1.0.0', dev: true },
    'node_modules/pallet/node_modules/crate': { version: '1.9.9' },
    'node_modules/renamed': { name: '@made-up/hook', version: '3.0.0-rc.1' },
  },
});

const about = (name: string, events: readonly Record<string, string>[], more: object = {}) => ({
  id: `MADE-UP-${name}`,
  summary: `${name} opens by itself`,
  modified: '2026-11-20T00:00:00Z',
  affected: [{ package: { ecosystem: 'npm', name }, ranges: [{ type: 'SEMVER', events }] }],
  database_specific: { severity: 'HIGH' },
  ...more,
});
const crate = about('crate', [{ introduced: '2.0.0' }, { fixed: '2.4.1' }]);

async function check(...args: string[]): Promise<{ code: number; output: string }> {
  let output = '';
  const code = await advisories(args, (text) => (output += text), lock);
  return { code, output };
}

describe('npm run advisories, with advisories from files', () => {
  it('names each locked package that an advisory is about, with its version, place and severity, and ends with 1', async () => {
    const { code, output } = await check(file('crate.json', crate));
    expect(code).toBe(1);
    expect(output).toContain('crate 2.4.0: MADE-UP-crate, HIGH\n  crate opens by itself\n  node_modules/crate\n');
    expect(output).not.toContain('1.9.9');
    expect(output).toContain('4 locked packages were checked against 1 advisories');
    expect(output).toContain('the newest of 2026-11-20: 1 advisories about 1 packages');
  });

  it('ends with 0 only after comparing, and says with how many advisories and how old the newest is', async () => {
    const { code, output } = await check(
      file('clean.json', [about('crate', [{ introduced: '0' }, { fixed: '1.9.9' }])]),
    );
    expect([code, output]).toEqual([0, expect.stringMatching(/against 1 advisories .* 2026-11-20: no advisory\n$/)]);
  });

  it.each([
    ['introduced is the first affected version', [{ introduced: '2.4.0' }], 1],
    ['fixed is the first version that is not affected', [{ introduced: '0' }, { fixed: '1.9.9' }], 0],
    ['last_affected is affected itself', [{ introduced: '0' }, { last_affected: '1.9.9' }], 1],
    ['events may stand in any order', [{ fixed: '2.4.0' }, { introduced: '2.0.0' }], 0],
    ['a range may open and close twice', [{ introduced: '0' }, { fixed: '1.0.0' }, { introduced: '2.4.0' }], 1],
    ['a version that cannot be compared counts as affected', [{ introduced: 'early' }, { fixed: 'late' }], 1],
  ])('reads ranges as the OSV schema says: %s', async (title, events, code) => {
    expect((await check(file(`${title}.json`, about('crate', events)))).code).toBe(code);
  });

  it('finds a listed version, a package under another name, and a prerelease before its release', async () => {
    const listed = { ...crate, affected: [{ package: { ecosystem: 'npm', name: 'crate' }, versions: ['1.9.9'] }] };
    expect((await check(file('listed.json', listed))).output).toContain('node_modules/pallet/node_modules/crate');
    const hook = about('@made-up/hook', [{ introduced: '0' }, { fixed: '3.0.0' }]);
    expect((await check(file('hook.json', { vulns: [hook] }))).output).toContain('@made-up/hook 3.0.0-rc.1: ');
  });

  it('passes over advisories that were withdrawn, and those of other ecosystems', async () => {
    const withdrawn = { ...crate, withdrawn: '2026-11-21T00:00:00Z' };
    const python = { id: 'PY', affected: [{ package: { ecosystem: 'PyPI', name: 'crate' }, versions: ['2.4.0'] }] };
    expect((await check(file('others.json', [withdrawn, python]))).code).toBe(0);
  });

  it('reads every JSON file of a folder', async () => {
    mkdirSync(join(folder, 'export/2026'), { recursive: true });
    file('export/2026/crate.json', crate);
    file('export/pallet.json', about('pallet', [{ introduced: '0' }]));
    const { code, output } = await check(join(folder, 'export'));
    expect([code, output]).toEqual([1, expect.stringContaining('pallet 1.0.0 (a tool, not shipped): MADE-UP-pallet')]);
  });

  it.each([
    ['without an argument', [], 'Say what to check'],
    ['with an option that it does not know', ['--osw'], 'Say what to check'],
    ['with a file that is not there', [join(folder, 'none.json')], 'there is no'],
    ['with a file that is no JSON', [file('all.zip', 'PK')], 'has to be unpacked first'],
    ['with a file without any advisory about npm', [file('none-of-npm.json', [{ id: 'X' }])], 'no advisory about'],
    ['when OSV cannot be reached', ['--osv=http://127.0.0.1:1'], 'cannot be reached'],
  ])('says that nothing was checked, and ends with 2, %s', async (_when, args, why) => {
    const { code, output } = await check(...args);
    expect([code, output]).toEqual([2, expect.stringMatching(/^Nothing was checked/)]);
    expect(output).toContain(why);
  });
});

describe('npm run advisories, with --osv', () => {
  async function asking(results: (query: { package: { name: string }; page_token?: string }) => object) {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        if (request.url !== '/v1/querybatch') return response.end(JSON.stringify(crate));
        const { queries } = JSON.parse(body) as { queries: Parameters<typeof results>[0][] };
        return response.end(JSON.stringify({ results: queries.map(results).filter((one) => !('missing' in one)) }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      return await check(`--osv=http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.close();
    }
  }

  it('asks for every locked package, follows every page, and names what is found', async () => {
    const { code, output } = await asking(({ package: { name }, page_token: token }) => {
      if (name !== 'pallet') return {};
      return token === undefined ? { next_page_token: 'second' } : { vulns: [{ id: crate.id }] };
    });
    expect([code, output]).toEqual([1, expect.stringContaining('pallet 1.0.0 (a tool, not shipped): MADE-UP-crate')]);
  });

  it('says that nothing was checked when an answer is missing', async () => {
    const { code, output } = await asking(({ package: { name } }) => (name === 'pallet' ? { missing: true } : {}));
    expect([code, output]).toEqual([2, expect.stringContaining('did not answer every query')]);
  });

  it('is run by nothing but a person: no script, no build and no test has it', () => {
    const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8');
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const running = Object.entries(scripts).filter(([, command]) => command.includes('advisories'));
    expect(running).toEqual([['advisories', 'exec node scripts/advisories.mjs']]);
    for (const path of ['.ci/run', 'scripts/test.mjs', 'scripts/test/staticChecks.mjs', 'docker/Dockerfile']) {
      expect(read(path)).not.toMatch(/advisories|--osv/);
    }
  });
});

it('versions are ordered as Semantic Versioning 2.0 orders them', () => {
  const ordered = ['0.9.0', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2'];
  ordered.push('1.0.0-beta.11', '1.0.0-rc.1', '1.0.0', '1.0.1', '1.2.0', '1.10.0', '2.0.0');
  expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered);
  expect(compareVersions('1.0.0+build', '1.0.0')).toBe(0);
});
