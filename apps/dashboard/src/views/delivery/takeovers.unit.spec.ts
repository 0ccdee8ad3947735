import { describe, expect, it } from 'vitest';
import type { LineageRow, LineageStep } from '#contracts/lineageRows';
import type { SwapRow } from '#contracts/rows';
import type { Told } from '../../event/told.ts';
import { takeoversIn, takeoversOf } from './takeovers.ts';

describe('whose place in a queue it was', () => {
  const place = (owner: string) => ({ owner, custodian: 'nvidia', stage: 'ordered' as const, shipment: null });
  const step = (sequence: number, from: string | null, to: string) =>
    ({ sequence, from: from === null ? null : place(from), to: place(to) }) as LineageStep;
  const branch = (quantity: number, ...steps: LineageStep[]) => ({ quantity, serials: null, steps });
  const rows = (...branches: object[]) => [{ ...place('x'), branches }] as unknown as LineageRow[];

  it('is told by the event that brought units from another owner last, with how many it brought, the newest first', () => {
    const lineage = rows(
      branch(100, step(1, null, 'tesla'), step(5, 'tesla', 'xai'), step(9, 'xai', 'x'), step(11, 'x', 'x')),
      branch(20, step(2, null, 'tesla'), step(9, 'xai', 'x')),
      branch(7, step(2, null, 'tesla'), step(12, 'tesla', 'x')),
    );
    expect(takeoversOf('x', lineage).map(({ sequence, quantity }) => [sequence, quantity])).toEqual([
      [12, 7],
      [9, 120],
    ]);
  });

  it('is told by no event that is withheld', () => {
    expect(takeoversOf('x', rows(branch(7, step(11, 'x', 'x'))))).toEqual([]);
  });

  it('is told to a key that sees none of these units by the events that gave them, without those that were taken back', () => {
    const move = (from: string, to: string, quantity: number, line = '1') => ({
      item: 'H100',
      order: 'PO-1',
      line,
      quantity,
      from: { ...place(from) },
      to: { ...place(to) },
    });
    const told = (sequence: number, type: string, data: object): Told => ({
      sequence: String(sequence).padStart(16, '0'),
      type: `lading.${type}.v1`,
      time: '2023-12-01T10:00:00Z',
      data,
    });
    const events = [
      told(3, 'order.placed', { order: 'PO-1', moves: [move('nvidia', 'tesla', 500)] }),
      told(5, 'reallocation.made', {
        reallocation: 'RA-1',
        from: 'tesla',
        to: 'x',
        authorisedBy: 'elon-musk',
        moves: [move('tesla', 'x', 7), move('tesla', 'x', 4, '2')],
      }),
      told(6, 'reallocation.made', { reallocation: 'RA-2', from: 'tesla', to: 'x', moves: [move('tesla', 'x', 9)] }),
      told(7, 'event.voided', { sequence: 6, reason: 'did_not_occur' }),
      told(8, 'swap.executed', {
        swap: 'SW-1',
        by: 'nvidia',
        legs: [],
        moves: [move('tesla', 'x', 20), move('tesla', 'x', 1), move('x', 'tesla', 2)],
      }),
    ];
    const swap = {
      swap: 'SW-1',
      by: 'x',
      accepted: ['x', 'tesla'],
      authorisedBy: 'jensen',
      reason: 'first',
      evidence: [],
    };
    const taken = takeoversIn({ owner: 'x', order: 'PO-1', line: '1' }, events, [swap as unknown as SwapRow]);
    expect(
      taken.map(({ sequence, from, quantity, agreement }) => [sequence, from, quantity, agreement?.authorisedBy]),
    ).toEqual([
      [8, 'tesla', 21, 'jensen'],
      [5, 'tesla', 7, 'elon-musk'],
    ]);
    expect(taken[0]?.agreement).toMatchObject({ swap: 'SW-1', accepted: ['tesla', 'x'], reason: 'first' });
    expect(taken[1]?.agreement).toMatchObject({ reallocation: 'RA-1', by: 'tesla' });
  });
});
