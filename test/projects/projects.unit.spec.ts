import { describe, expect, it } from 'vitest';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { programOf, projects } from '#scripts/ensure/projects.mjs';
import { services } from '#scripts/stack/services.mjs';

const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');
const apps = projects.filter(({ type }) => type === 'application');
const libraries = projects.filter(({ type }) => type === 'library');
/** A page, and no app of Nest: `scripts/ensure/dashboard.mjs` builds it. */
const PAGE = 'dashboard';
const names = (of: readonly { readonly name: string }[]) => of.map(({ name }) => name).toSorted();

const { forbidden } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
  forbidden: { name: string; from: { path: string }; to: { pathNot?: string } }[];
};

/** Which other libraries a library may import, as dependency-cruiser is told. */
const allowed = new Map(
  forbidden
    .filter(({ name }) => name.endsWith('-imports-only-what-it-may'))
    .map(({ name, to }): [string, string[]] => {
      const library = name.replace('-imports-only-what-it-may', '');
      const all = /\(([\w|]*)\)/.exec(String(to.pathNot))?.[1]?.split('|') ?? [];
      return [library, all.filter((one) => one !== library)];
    }),
);

/** Which other libraries a library imports, tests aside. */
function usedBy(library: string): string[] {
  const source = join(packageRoot, 'libs', library, 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /[.](ts|mjs)$/.test(file) && !file.endsWith('.spec.ts'),
  );
  const imports = files.flatMap((file) => [
    ...readFileSync(join(source, file), 'utf8').matchAll(/(?:from|import)[ (]'#(\w+)\//g),
  ]);
  return [...new Set(imports.map(([, to = '']) => to))].filter((to) => to !== library);
}

describe('nest-cli.json is the list of apps and libraries:', () => {
  it.each(['apps', 'libs'])('it lists every folder of %s but the page’s, and no other', (top) => {
    const folders = readdirSync(join(packageRoot, top)).filter((folder) => folder !== PAGE);
    const listed = projects
      .filter(({ root }) => root.startsWith(`${top}/`))
      .map(({ root }) => root.slice(top.length + 1));
    expect(listed.toSorted()).toEqual(folders.toSorted());
    expect(names(top === 'apps' ? apps : libraries)).toEqual(folders.toSorted());
  });

  it('the source folder and the entry file of every project exist', () => {
    const missing = projects.flatMap(({ root, sourceRoot, entryFile }) =>
      [root, sourceRoot, ...(entryFile === undefined ? [] : [`${sourceRoot}/${entryFile}.ts`])].filter(
        (path) => !existsSync(join(packageRoot, path)),
      ),
    );
    expect(missing).toEqual([]);
    expect(apps.filter(({ entryFile }) => entryFile === undefined)).toEqual([]);
  });

  it('the stack runs every app but the command line', () => {
    expect(names(services)).toEqual(names(apps.filter(({ name }) => name !== 'cli')));
  });

  it('docker/compose.yaml runs the program that each app is built to', () => {
    const commands = [...read('docker/compose.yaml').matchAll(/command: \[node, .*?(dist\/\S+)\]/g)];
    const programs = apps.filter(({ name }) => name !== 'cli').map(({ name }) => programOf(name));
    expect(commands.map(([, program]) => program).toSorted()).toEqual(programs.toSorted());
  });

  it('package.json gives every library a name to import it by, from its sources and from its build', () => {
    const { imports } = JSON.parse(read('package.json')) as { imports: Record<string, unknown> };
    for (const { name, sourceRoot } of libraries) {
      expect([name, imports[`#${name}/*`]]).toEqual([
        name,
        { source: `./${sourceRoot}/*.ts`, default: `./dist/${sourceRoot}/*.js` },
      ]);
    }
  });

  it('CONTRIBUTING.md has a row for each of them', () => {
    const rows = [...read('CONTRIBUTING.md').matchAll(/^\| (`(?:apps|libs)\/[^|]+) \|/gm)];
    const described = rows.flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(?:apps|libs)\/(\w+)`/g)].map(([, name]) => name),
    );
    expect(described.toSorted()).toEqual([...names(projects), PAGE].toSorted());
  });
});

describe('the arrows between the libraries', () => {
  it('are said for every library', () => {
    expect([...allowed.keys()].toSorted()).toEqual(names(libraries));
  });

  it.each(names(libraries))(
    'libs/%s uses every library that it may import, so no arrow is allowed that nobody uses',
    (library) => {
      expect(usedBy(library).toSorted()).toEqual(allowed.get(library)?.toSorted());
    },
  );
});
