import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';

/** A Markdown file of the project. */
export interface Document {
  /** From the root of the checkout: `docs/decisions/README.md`. */
  readonly path: string;
  readonly text: string;
  /** The text without fenced blocks. */
  readonly prose: string;
  /** What stands between backticks in the prose, its lines as one. */
  readonly spans: readonly string[];
  /** The fenced blocks, without the fences. */
  readonly blocks: readonly string[];
}

const FENCED = /^```\w*\n([\s\S]*?)^```$/gm;

export function readDocument(path: string): Document {
  const text = readFileSync(join(packageRoot, path), 'utf8');
  const prose = text.replaceAll(FENCED, (block) => block.replaceAll(/[^\n]/g, ''));
  const spans = [...prose.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replaceAll(/\s+/g, ' '));
  return { path, text, prose, spans, blocks: [...text.matchAll(FENCED)].map(([, block = '']) => block) };
}

/** Every file under these folders of the checkout, by its path from the root, sorted. */
export function filesUnder(...folders: string[]): string[] {
  return folders
    .flatMap((folder) => readdirSync(join(packageRoot, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(packageRoot, join(entry.parentPath, entry.name)))
    .sort();
}

/** What is written for people: the README, CONTRIBUTING, SECURITY, everything under docs, and what each scenario says of itself. */
export const documents: readonly Document[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...filesUnder('docs').filter((path) => path.endsWith('.md')),
  ...filesUnder('apps/cli/src/scenarios').filter((path) => path.endsWith('/README.md')),
].map(readDocument);
