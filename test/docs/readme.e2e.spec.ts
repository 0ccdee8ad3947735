import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { comparable, examplesIn } from './blocks.ts';
import { Shell } from './shell.ts';
import { type Lading, startLading } from '#test/setup/startLading';

/** What stands together is run one after the other on one Lading. */
describe.each([[['README.md']], [['docs/time.md', 'docs/audit.md']]])(
  'the examples of %s, run as written, print what they say',
  (documents) => {
    const examples = documents.flatMap((document) => examplesIn(join(packageRoot, document)));
    let lading: Lading;
    let shell: Shell;

    beforeAll(async () => {
      lading = await startLading();
      shell = new Shell(packageRoot, lading.environment);
    });
    afterAll(async () => {
      await shell.close();
      await lading.stop();
    });

    it('has examples', () => {
      expect(examples.length).toBeGreaterThan(4);
    });

    it.each(examples)('$where', async ({ script, prints }) => {
      const { code, output, said } = await shell.run(script);
      expect({ code, said: code === 0 ? '' : said }).toEqual({ code: 0, said: '' });
      if (prints !== undefined) expect(comparable(output)).toBe(comparable(prints));
    });
  },
);
