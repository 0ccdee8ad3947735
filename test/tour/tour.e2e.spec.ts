import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
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

/** Readers of the journal run beside the append, and where they are first seen is chance. These run one after the other. */
const inOrder = (files: readonly string[]): string[] => files.filter((file) => IN_ORDER.test(file));
const IN_ORDER = /^libs\/(intake|ledger|journal\/src\/append)\//;

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

  it('lists the files of the intake, the append and the ledger in the order of CONTRIBUTING', () => {
    expect(inOrder(listed('An order'))).toEqual(inOrder(order));
  });

  it('finds at most 85 files that an order runs, and at most 18 of them in the journal', () => {
    expect(order.length).toBeLessThanOrEqual(85);
    expect(order.filter((file) => file.startsWith('libs/journal/')).length).toBeLessThanOrEqual(18);
  });

  it('finds at most 14 files that a question for holdings runs', () => {
    expect(question.length).toBeLessThanOrEqual(14);
  });
});
