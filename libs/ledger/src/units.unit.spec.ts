import { eachUnit } from '#test/ledger/eachUnit';
import { describe, expect, it } from 'vitest';
import type { Move, Place } from '#contracts/move';
import { unitChanges, UnitIndex } from './units.ts';

const goods = { item: 'D1', order: 'PO-1', line: '1' };
const at = (owner: string, stage: Place['stage'] = 'held'): Place => ({ owner, custodian: 'c', stage });
const key = (owner: string, stage = 'held') => `${owner}|c|D1|PO-1|1|${stage}|`;
const move = (from: Place, to: Place, quantity: number, serials?: string[]): Move => ({
  ...goods,
  quantity,
  from,
  to,
  ...(serials && { serials }),
});

describe('the units that an event moves', () => {
  it('an event moves the units that it names, and all others of an account of which it names none', () => {
    const moves = [move(at('a'), at('b'), 2, ['1', '2']), move(at('a'), at('c'), 3)];
    expect(unitChanges(moves)).toEqual({
      named: [{ item: 'D1', prefix: '', digits: 1, from: 1, to: 2, account: key('b') }],
      rest: [{ item: 'D1', from: key('a'), to: key('c') }],
    });
  });

  it('units of one account that follow each other are one range, in whatever order and lines an event names them', () => {
    const numbers = Array.from({ length: 2_000 }, (_, at) => String(10_000 + ((at * 7_919) % 2_000)));
    const lines = [0, 500, 1_000, 1_500].map((from) =>
      move(
        at('a'),
        at(from === 500 ? 'c' : 'b'),
        500,
        numbers.filter((one) => Math.floor((Number(one) - 10_000) / 500) * 500 === from),
      ),
    );
    const named = unitChanges(lines).named.map(({ from, to, account }) => [from, to, account]);
    expect(named).toEqual([
      [10_000, 10_499, key('b')],
      [11_000, 11_999, key('b')],
      [10_500, 10_999, key('c')],
    ]);
  });

  it('an event moves no units of an item without serial numbers, and none out of supply', () => {
    const moves = [move(at('a'), at('b'), 2), move(at('s', 'supply'), at('b', 'ordered'), 2)];
    expect(unitChanges(moves, () => false)).toEqual({ named: [], rest: [] });
    expect(unitChanges(moves).rest).toHaveLength(1);
  });

  it('all units of an event leave from where they were before it, so that two accounts can change places', () => {
    const index = new UnitIndex();
    index.apply([move(at('s', 'supply'), at('a'), 1, ['1']), move(at('s', 'supply'), at('b'), 1, ['2'])]);
    index.apply([move(at('a'), at('b'), 1), move(at('b'), at('a'), 1)]);
    expect(index.unit('D1', '1')).toBe(key('b'));
    expect(index.unit('D1', '2')).toBe(key('a'));
    expect([index.named(key('a')), index.named(key('b')), index.named('nowhere')]).toEqual([1, 1, 0]);
  });

  it('units that are named are left out of the rest, wherever the named ones go', () => {
    const index = new UnitIndex();
    index.apply([move(at('s', 'supply'), at('a'), 3, ['1', '2', '3'])]);
    index.apply([move(at('a'), at('c'), 2), move(at('a'), at('b'), 1, ['2'])]);
    expect(eachUnit(index.all()).map(({ serial, account }) => `${serial} ${account.slice(0, 1)}`)).toEqual([
      '1 c',
      '2 b',
      '3 c',
    ]);
  });
});
