import { describe, expect, it } from 'vitest';
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { type Document, documents, filesUnder, readDocument } from './documents.ts';
import { stepsUnder } from './walkThrough.ts';

const TOPS = ['apps', 'libs', 'test', 'scripts', 'docker', 'docs', '.ci'];
const files = filesUnder(...TOPS);
const names = new Set(files.map((file) => basename(file)));

/** Files that the walk-through makes, in a copy. */
const imaginary = new Set(
  stepsUnder('## How to add an event type', join(packageRoot, 'CONTRIBUTING.md')).flatMap(({ file, place }) =>
    file !== undefined && place === undefined ? [file, basename(file)] : [],
  ),
);

const linksOf = ({ text }: Document): string[] =>
  [...text.matchAll(/\]\(([^()\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^[a-z]+:/.test(link));

/** As GitHub makes them. */
const anchorsOf = ({ prose }: Document): string[] =>
  [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

function isThere(link: string, from: Document): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? from.path : normalize(join(dirname(from.path), path));
  if (!existsSync(join(packageRoot, target))) return false;
  if (anchor === undefined) return true;
  return statSync(join(packageRoot, target)).isFile() && anchorsOf(readDocument(target)).includes(anchor);
}

/** `libs/ledger/src/fold.ts`, `docs/decisions`, `test/bench/*.bench.ts`: named from the root, with or without `*`. */
const pathsOf = ({ spans }: Document): string[] =>
  spans.filter((span) => TOPS.some((top) => span === top || span.startsWith(`${top}/`)));

/** `fold.ts`, `engine/pipelinedConnection.ts`: named by their last part, or parts. */
const shortNamesOf = ({ spans }: Document): string[] =>
  spans.filter(
    (span) => /^\w[\w./-]*[.](ts|mjs|cjs|yaml)$/.test(span) && !pathsOf({ spans } as Document).includes(span),
  );

function isFileOrFolder(path: string): boolean {
  if (!path.includes('*')) return existsSync(join(packageRoot, path));
  const like = new RegExp(`^${path.replaceAll('.', '[.]').replaceAll('*', '[^/]*')}$`);
  return files.some((file) => like.test(file));
}

const isShortName = (name: string): boolean =>
  name.includes('/') ? files.some((file) => file.endsWith(`/${name}`)) : names.has(name);

describe('what the documents point to is there', () => {
  it.each(documents)('every relative link of $path leads to a file, a folder or a heading', (document) => {
    expect(linksOf(document).filter((link) => !isThere(link, document))).toEqual([]);
  });

  it.each(documents)('every path that $path names is in the checkout', (document) => {
    const wrong = pathsOf(document).filter((path) => !imaginary.has(path) && !isFileOrFolder(path));
    expect(wrong).toEqual([]);
  });

  it.each(documents)('every file that $path names by its last part is in the checkout', (document) => {
    const at = dirname(document.path);
    const here = (name: string) => existsSync(join(packageRoot, name)) || existsSync(join(packageRoot, at, name));
    const wrong = shortNamesOf(document).filter((name) => !imaginary.has(name) && !isShortName(name) && !here(name));
    expect(wrong).toEqual([]);
  });

  it('there are links and paths in them', () => {
    expect(documents.flatMap(linksOf).length).toBeGreaterThan(20);
    expect(documents.flatMap(pathsOf).length).toBeGreaterThan(50);
  });
});
