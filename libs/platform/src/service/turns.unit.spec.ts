import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { setImmediate as nextLook } from 'node:timers/promises';
import { beginInTime, Turns } from './turns.ts';

// A clock of its own: on a machine with much to do a turn that takes no time may take 5 ms.
let clock = 0;
const busy = (ms: number): void => {
  clock += ms;
};
beforeAll(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => clock);
});
afterAll(() => {
  vi.restoreAllMocks();
});

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
    busy(6);
  });
  expect(whose).toEqual(IN_TURN);
  expect(Math.max(...perLook)).toBe(1);
});

it('short turns share the time between two looks at the connections, and are in the same order', async () => {
  const { whose, perLook } = await turnsOf(5, () => undefined);
  expect(whose).toEqual(IN_TURN);
  expect(perLook.length).toBeLessThan(whose.length);
});

it('what many begin at once shares the time between two looks at the connections, also before the first turn of each is over', async () => {
  await nextLook();
  const mine = new Turns();
  expect(mine.over).toBe(false);
  busy(6);
  const another = new Turns();
  expect([mine.over, another.over]).toEqual([true, true]);
  await another.next();
  expect(mine.over).toBe(false);
});

it('requests that one look at the connections finds begin at once as long as there is time, the others later in their order, and turns between them', async () => {
  await nextLook();
  const begun: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    beginInTime(() => {
      begun.push(name);
      busy(6);
    });
  }
  const turn = new Turns().next().then(() => begun.push('turn'));
  expect(begun).toEqual(['a']);
  await nextLook();
  expect(begun).toEqual(['a', 'b', 'turn']);
  await nextLook();
  expect(begun).toEqual(['a', 'b', 'turn', 'c']);
  await turn;
});
