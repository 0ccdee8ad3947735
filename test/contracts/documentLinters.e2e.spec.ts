import { afterAll, describe, expect, it } from 'vitest';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';

/** What of the two documents is changed here. */
interface Published {
  info: { title?: string };
  paths: Record<string, { get?: { tags?: string[] } }>;
  components: Record<string, Record<string, object>>;
  tags: { name: string }[];
  servers?: unknown[];
}

const folder = mkdtempSync(join(tmpdir(), 'lading-documents-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The generated document, changed. */
function changed(name: string, change: (document: Published) => void): string {
  const source = join(packageRoot, 'libs/contracts/generated', `${name}.json`);
  const document = JSON.parse(readFileSync(source, 'utf8')) as Published;
  change(document);
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(document));
  return file;
}

/** Leaves one path in the document, with what it names: that is enough to lint, and takes a fraction of the time. */
function keepOnly(path: string, document: Published): void {
  const kept = new Set<string>();
  const keep = (part: object): void => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/([^"]+)"/g)) {
      if (kept.has(name)) continue;
      kept.add(name);
      const [kind = '', of = ''] = name.split('/');
      keep(document.components[kind]?.[of] ?? {});
    }
  };
  const only = document.paths[path] ?? {};
  document.paths = { [path]: only };
  keep(only);
  for (const kind of ['schemas', 'responses', 'parameters', 'headers']) {
    const all = document.components[kind];
    if (all === undefined) continue;
    document.components[kind] = Object.fromEntries(Object.entries(all).filter(([name]) => kept.has(`${kind}/${name}`)));
  }
  document.tags = document.tags.filter(({ name }) => only.get?.tags?.includes(name) === true);
}

const lint = (...files: string[]) =>
  spawnSync(process.execPath, [join(packageRoot, 'scripts/test/lintDocuments.mjs'), ...files], { encoding: 'utf8' });

describe('the linters of the published documents', () => {
  it('fail on a document with a remark, and print the remark with its place', () => {
    const openApi = changed('openapi', (document) => {
      keepOnly('/v1/status', document);
      document.servers = [];
      document.paths['/v1/status']?.get?.tags?.push('no-such-tag');
    });
    const asyncApi = changed('asyncapi', ({ info }) => {
      delete info.title;
    });
    const { status, stdout } = lint(openApi, asyncApi);
    expect(status).toBe(1);
    expect(stdout).toContain(`Redocly, remarks on ${openApi}: 1\n`);
    expect(stdout).toContain('no-empty-servers at #/servers: ');
    expect(stdout).toContain(`Spectral, remarks on ${openApi}: 2\n`);
    expect(stdout).toContain('operation-tag-defined at #/paths/~1v1~1status/get/tags/1: ');
    expect(stdout).toContain('asyncapi-document-resolved at #/info: ');
  });

  it('fail on what is no such document at all', () => {
    const file = join(folder, 'empty.json');
    writeFileSync(file, '{}');
    const { status, stderr, stdout } = lint(file, file);
    expect([status, `${stdout}${stderr}`]).toEqual([1, expect.stringMatching(/Redocly/)]);
  });
});
