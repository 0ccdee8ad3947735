import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { filesUnder } from '#test/docs/documents';

/** Words that stood for what the glossary in CONTRIBUTING names now. */
const RETIRED: Readonly<Record<string, string>> = {
  Lane: 'pipelined connection',
  Wake: 'signal',
  News: 'signal',
  Needs: 'prefetch',
  NotingView: 'recording view',
  EntityShelf: 'cache partition',
  takeLong: 'due for a snapshot',
  onDeaf: 'on disconnected',
  breathe: 'yield',
  forPeople: 'format for a terminal',
  sized: 'statement name',
  noneWith: 'a rejection named after what it says',
  noneThere: 'a rejection named after what it says',
  movedOn: 'a rejection named after what it says',
};

const sources = filesUnder('apps', 'libs', 'scripts', 'test').filter(
  (path) => /[.](tsx?|mjs)$/.test(path) && path !== 'test/structure/words.unit.spec.ts',
);

describe('the glossary in CONTRIBUTING', () => {
  it.each(Object.entries(RETIRED))(
    'has one word for each thing: no code says %s, because the word is now %s',
    (word) => {
      const used = sources.filter((path) =>
        new RegExp(`\\b${word}\\b`).test(readFileSync(join(packageRoot, path), 'utf8')),
      );
      expect(used).toEqual([]);
    },
  );
});
