import { describe, expect, it } from '@jest/globals';
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
  const files = readdirSync(join(packageRoot, 'docs/decisions')).filter((file) => file !== 'README.md');

  it('are numbered 001, 002, 003 … without a gap', () => {
    expect(files.sort().map((file) => file.slice(0, 4))).toEqual(
      files.map((_, at) => `${String(at + 1).padStart(3, '0')}-`),
    );
  });

  it('are listed in their README, each once', () => {
    const listed = [...readDocument('docs/decisions/README.md').prose.matchAll(/^\| \[(\d+)\]\((\1-[^)]+)\)/gm)];
    expect(listed.map(([, , file]) => file).toSorted()).toEqual(files);
  });
});
