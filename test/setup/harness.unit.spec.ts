import { describe, expect, it } from 'vitest';
import { readFile } from 'node:fs/promises';

describe('the unit test harness', () => {
  it('recognises an error of Node itself as an Error, as production does', async () => {
    const error: unknown = await readFile('/nowhere/at/all').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(TypeError);
  });
});
