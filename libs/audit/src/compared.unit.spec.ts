import { describe, expect, it } from 'vitest';
import { Balances } from './balances.ts';
import { firstDifference } from './compared.ts';

const END = { custodian: 'tesla', stage: 'held' };
const balances = (): Balances => {
  const all = new Balances();
  const goods = { item: 'H100', order: 'PO-1', line: '1' };
  const supply = { owner: 'nvidia', custodian: 'nvidia', stage: 'supply' };
  const moved = { owner: 'x', custodian: 'carrier', stage: 'in_transit', shipment: 'S-1' };
  expect(
    all.book([
      { ...goods, quantity: 7, from: supply, to: { ...END, owner: 'tesla' } },
      { ...goods, quantity: 2, from: { ...END, owner: 'tesla' }, to: moved },
    ]),
  ).toBeUndefined();
  return all;
};
const rows = () => [...balances().accounts()];
async function* pages(all: readonly unknown[]): AsyncGenerator<readonly unknown[]> {
  for (const row of all) yield [row];
}
const compared = (all: readonly unknown[]) => firstDifference(balances(), pages(all));

describe('what somebody answers of every account', () => {
  it('is the same as the events say, in whatever order it is answered', async () => {
    expect(rows()).toHaveLength(3);
    expect(await compared(rows())).toBeUndefined();
    expect(await compared(rows().toReversed())).toBeUndefined();
  });

  it.each<[string, (all: Record<string, unknown>[]) => unknown[], object]>([
    ['has another balance', (all) => all.with(1, { ...all[1], quantity: 6 }), { folded: 5, answered: 6 }],
    ['lacks an account', (all) => all.toSpliced(1, 1), { folded: 5, answered: 0 }],
    ['has one that no event has', (all) => [...all, { ...all[1], owner: 'amd' }], { folded: 0, answered: 5 }],
    ['has one twice', (all) => [...all, all[2]], { folded: 0, answered: 2 }],
    ['has one twice in the place of another', (all) => all.with(0, all[2]!), { folded: 0, answered: 2 }],
    ['has another shipment', (all) => all.with(2, { ...all[2], shipment: null }), { folded: 0, answered: 2 }],
    ['is empty', () => [], { folded: -7, answered: 0 }],
  ])('is said to differ when it %s, and the first that does is named', async (_, change, difference) => {
    const found = await compared(change(rows() as never));
    expect(found).toMatchObject(difference);
    expect(found?.what).toMatch(/^H100 of order PO-1, line 1, /);
  });

  it('is not compared when it is no list of accounts', async () => {
    for (const row of [null, 7, {}, { ...rows()[0], quantity: '7' }, { ...rows()[0], owner: undefined }])
      await expect(compared([row])).rejects.toThrow('no list of accounts');
  });
});
