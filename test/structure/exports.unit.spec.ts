import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { filesUnder } from '#test/docs/documents';

const EXPORTED = /^export (?:async )?(?:abstract )?(?:const|let|function\*?|class|interface|type|enum) (\w+)/gm;
const IMPORTED = /(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s*from\s*'([^']+)'/g;
const LOADED = /const \{([^}]*)\} = [^;]*?import\(\s*'([^']+)'/g;

const PICKED = /\(await import\('([^']+)'\)\)\.(\w+)/g;
/** A view of the dashboard, which is loaded when it is opened. */
const SHOWN = /import\('([^']+)'\)\.then\(\(\{ (\w+) \}\)/g;

const sources = filesUnder('apps', 'libs', 'scripts', 'test').filter((path) => /[.](tsx?|mjs)$/.test(path));
const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');

/** The file that an import means; undefined when it is a package. */
function resolve(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return normalize(join(dirname(from), specifier));
  const [, top, rest] = /^#(\w+)\/(.+)$/.exec(specifier) ?? [];
  if (top === undefined || rest === undefined) return undefined;
  if (top === 'scripts') return `scripts/${rest}`;
  return top === 'apps' || top === 'test' ? `${top}/${rest}.ts` : `libs/${top}/src/${rest}.ts`;
}

/** `file name` of everything that some file imports from another one. */
function importedNames(): Set<string> {
  const imported = new Set<string>();
  for (const path of sources) {
    const text = read(path);
    for (const [, names = '', specifier = ''] of [...text.matchAll(IMPORTED), ...text.matchAll(LOADED)]) {
      const file = resolve(path, specifier);
      if (file === undefined) continue;
      for (const name of names.split(',')) imported.add(`${file} ${/^\s*(?:type )?(\w+)/.exec(name)?.[1] ?? ''}`);
    }
    for (const [, specifier = '', name = ''] of [...text.matchAll(PICKED), ...text.matchAll(SHOWN)]) {
      imported.add(`${resolve(path, specifier) ?? ''} ${name}`);
    }
    // A whole module: whoever does that may use all of it.
    for (const [, specifier = ''] of text.matchAll(/import \* as \w+ from '([^']+)'/g)) {
      imported.add(`${resolve(path, specifier) ?? ''} *`);
    }
  }
  return imported;
}

describe('the parts of the code', () => {
  it('a name is exported only if another file imports it', () => {
    const imported = importedNames();
    const production = sources.filter((path) => /^(apps|libs)\/.*(?<!\.spec)\.tsx?$/.test(path));
    const unused = production.flatMap((path) =>
      [...read(path).matchAll(EXPORTED)]
        .map(([, name = '']) => `${path} ${name}`)
        .filter((name) => !imported.has(name) && !imported.has(`${path} *`)),
    );
    expect(unused).toEqual([]);
  });

  it('no pipe runs for every parameter of every route: a pipe belongs to the route that needs it', () => {
    const global = sources.filter(
      (path) => /^(apps|libs)\//.test(path) && /\b(APP_PIPE|useGlobalPipes)\b/.test(read(path)),
    );
    expect(global).toEqual([]);
  });
});
