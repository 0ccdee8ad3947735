import { expect, it } from 'vitest';
import { Gathered } from './bodies.ts';

it('the pieces of a body are put together in their order, whatever their sizes, and whether their sum was announced or not', () => {
  const sizes = [1, 20_000, 3, 70_000, 0, 65_536, 16_384, 2];
  const pieces = sizes.map((size, at) => Buffer.alloc(size, 97 + at));
  const whole = Buffer.concat(pieces);
  for (const announced of [Number.NaN, 0, whole.length - 5, whole.length, 10 * whole.length]) {
    const gathered = new Gathered(announced);
    for (const piece of pieces) gathered.add(piece);
    expect(gathered.length).toBe(whole.length);
    expect(gathered.take().equals(whole)).toBe(true);
    gathered.add(Buffer.from('again'));
    expect(gathered.take().toString()).toBe('again');
  }
});
