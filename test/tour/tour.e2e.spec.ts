import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { readDocument } from '#test/docs/documents';
import { freshDatabase } from '#test/setup/freshDatabase';
import { filesOf, type Tour } from './tour.ts';

const { text } = readDocument('CONTRIBUTING.md');

/** The files of a chapter of "How an event flows": one a line, numbered, with a sentence each. */
const listed = (chapter: string): string[] => {
  const [, body = ''] = text.split(`\n### ${chapter}\n`);
  return [...(body.split(/\n##/)[0] ?? '').matchAll(/^\d+\. `([^`]+)`: \S.+$/gm)].map(([, file = '']) => file);
};

/** Several things happen at once on the way of an order, so only files of one folder have a place that never changes. */
const byFolder = (files: readonly string[]): Record<string, string[]> => {
  const folders: Record<string, string[]> = {};
  for (const file of files) (folders[dirname(file)] ??= []).push(file);
  return folders;
};

describe('npm run tour', () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let order: string[];
  let question: string[];

  beforeAll(async () => {
    database = await freshDatabase();
    const { stdout } = await promisify(execFile)(process.execPath, [join('scripts', 'tour.mjs'), '--json'], {
      cwd: packageRoot,
      env: { ...process.env, DATABASE_URL: database.url },
      maxBuffer: 16 * 1024 * 1024,
    });
    const tour = JSON.parse(stdout) as Tour;
    order = filesOf(tour.order);
    question = filesOf(tour.question);
  });

  afterAll(() => database.drop());

  it('lists the same files as the chapter about an order in CONTRIBUTING', () => {
    expect([...listed('An order')].sort()).toEqual([...order].sort());
  });

  it('lists the same files as the chapter about a question in CONTRIBUTING', () => {
    expect([...listed('A question')].sort()).toEqual([...question].sort());
  });

  it('lists the files of each folder in the order of CONTRIBUTING', () => {
    expect(byFolder(listed('An order'))).toEqual(byFolder(order));
    expect(byFolder(listed('A question'))).toEqual(byFolder(question));
  });

  it('finds at most 85 files that an order runs, and at most 18 of them in the journal', () => {
    expect(order.length).toBeLessThanOrEqual(85);
    expect(order.filter((file) => file.startsWith('libs/journal/')).length).toBeLessThanOrEqual(18);
  });

  it('finds at most 14 files that a question for holdings runs', () => {
    expect(question.length).toBeLessThanOrEqual(14);
  });
});
