import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { PublishedFile } from './publishedFile.ts';

describe('the file of what was published', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await temporaryFolder('published');
    path = join(folder, 'signing.published');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const tree = (size: number) => ({ size, root: Buffer.alloc(32, size) });

  it('is not written by a signer whose place another one took, which then knows that it lost it', async () => {
    const frozen = await PublishedFile.open(path);
    await frozen.append('log.example/nvidia', tree(1));
    const next = await PublishedFile.open(path);
    await next.append('log.example/nvidia', tree(3));
    await expect(frozen.append('log.example/nvidia', tree(2))).rejects.toThrow('written anew by another signer');
    await next.append('log.example/nvidia', tree(4));
    expect((await readFile(path, 'utf8')).match(/ \d /g)).toEqual([' 1 ', ' 3 ', ' 4 ']);
    await Promise.all([frozen.close(), next.close()]);
  });
});
