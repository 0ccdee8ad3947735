import { expect, it } from '@jest/globals';
import { setImmediate as nextLook } from 'node:timers/promises';
import { Turns } from './turns.ts';

/** Several pieces of work of three turns each: whose turns were begun, and how many between each two looks at the connections. */
async function turnsOf(pieces: number, takeTime: () => void): Promise<{ whose: number[]; perLook: number[] }> {
  const whose: number[] = [];
  const work = async (which: number): Promise<void> => {
    const turns = new Turns();
    for (let turn = 0; turn < 3; turn++) {
      await turns.next();
      whose.push(which);
      takeTime();
    }
  };
  const all = Promise.all(Array.from({ length: pieces }, (_, which) => work(which)));
  const perLook: number[] = [];
  for (let before = 0; before < 3 * pieces; before = whose.length) {
    await nextLook();
    perLook.push(whose.length - before);
  }
  await all;
  return { whose, perLook };
}

const IN_TURN = [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4];

it('however much work is divided into turns, one long turn is done between two looks at the connections, and all get theirs', async () => {
  const { whose, perLook } = await turnsOf(5, () => {
    const began = performance.now();
    while (performance.now() - began < 6);
  });
  expect(whose).toEqual(IN_TURN);
  expect(Math.max(...perLook)).toBe(1);
});

it('short turns share the time between two looks at the connections, and are in the same order', async () => {
  const { whose, perLook } = await turnsOf(5, () => undefined);
  expect(whose).toEqual(IN_TURN);
  expect(perLook.length).toBeLessThan(whose.length);
});
