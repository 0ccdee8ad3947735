import { describe, expect, it } from 'vitest';
import { createRequire } from 'node:module';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { readDocument } from './documents.ts';

const { forbidden } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
  forbidden: { name: string; comment?: string }[];
};
const { prose } = readDocument('CONTRIBUTING.md');

describe('the layout in CONTRIBUTING.md', () => {
  it('draws the arrows between the libraries as dependency-cruiser allows them', () => {
    const arrows = forbidden.flatMap(({ name, comment }) =>
      name.endsWith('-imports-only-what-it-may') ? [comment] : [],
    );
    const drawn = [...prose.matchAll(/^\| `(libs\/\w+)` \|.*\| ([^|]+) \|$/gm)];
    expect(drawn.map(([, library, may]) => `${library} may import: ${may}.`).toSorted()).toEqual(arrows.toSorted());
  });

  it.each(['apps', 'libs'])('has every folder of %s', (top) => {
    const folders = readdirSync(join(packageRoot, top)).map((name) => `\`${top}/${name}\``);
    expect(folders.filter((folder) => !prose.includes(folder))).toEqual([]);
  });
});

describe('docs/decisions', () => {
  const files = readdirSync(join(packageRoot, 'docs/decisions'))
    .filter((file) => file !== 'README.md')
    .sort();

  const contents = readDocument('docs/decisions/README.md').prose;

  it('are numbered, each with a number of its own', () => {
    const merged = [...contents.matchAll(/^\| (\d+) \| \(merged into /gm)].map(([, number = '']) => number);
    const numbers = [...files.map((file) => file.slice(0, 3)), ...merged].sort();
    expect(numbers).toEqual([...new Set(numbers)]);
    expect(numbers).toEqual(numbers.filter((number) => /^\d{3}$/.test(number)));
  });

  it('are listed in their README, each once', () => {
    const listed = [...contents.matchAll(/^\| \[(\d+)\]\((\1-[^)]+)\)/gm)];
    expect(listed.map(([, , file]) => file).toSorted()).toEqual(files);
  });
});
