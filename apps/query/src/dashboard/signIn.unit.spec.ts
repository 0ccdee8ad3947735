import { describe, expect, it } from 'vitest';
import type pg from 'pg';
import { SignIn } from './signIn.ts';

const MINUTE = 60_000;
/** Makes no key: a code that is refused never gets so far. */
const signIn = () => new SignIn(undefined as unknown as pg.Pool);

describe('a link that signs in', () => {
  it('is refused after a quarter of an hour, and before that only once', async () => {
    const links = signIn();
    const code = links.newCode(0);
    expect(await links.exchange(code, 15 * MINUTE)).toBeUndefined();
    expect(await links.exchange(code, 1)).toBeUndefined();
  });

  it('is refused when it was made by nobody', async () => {
    expect(await signIn().exchange('guessed', 0)).toBeUndefined();
  });

  it('is not kept without end: of many links the newest are remembered', async () => {
    const links = signIn();
    const codes = Array.from({ length: 1000 }, () => links.newCode(0));
    expect(await links.exchange(codes[0]!, 0)).toBeUndefined();
    expect(new Set(codes).size).toBe(1000);
  });
});
