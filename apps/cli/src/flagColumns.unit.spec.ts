import { describe, expect, it } from 'vitest';
import type { FlagRow } from '#contracts/flagRows';
import { aboutOf, flagColumns } from './flagColumns.ts';

describe('the table of flags', () => {
  const line = (order: string, line: string) => ({ order, line, quantity: 1 });

  it.each([
    [{ ...line('PO-1', '2'), owner: 'x' }, 'order PO-1 line 2'],
    [{ swap: 'SW-1', leg: 2, ...line('PO-X', '1') }, 'swap SW-1 leg 2, order PO-X line 1'],
    [{ swap: 'SW-1', party: 'tesla', given: 5 }, 'swap SW-1'],
    [{ shipment: 'S-1', lines: [line('PO-1', '1'), line('PO-1', '1')] }, 'shipment S-1, order PO-1 line 1'],
    [
      { reallocation: 'RA-1', lines: [line('PO-1', '1'), line('PO-1', '2')] },
      'reallocation RA-1, order PO-1 line 1, order PO-1 line 2',
    ],
    [
      { reallocation: 'RA-1', lines: ['1', '2', '3'].map((id) => line('PO-1', id)) },
      'reallocation RA-1, 3 order lines',
    ],
    [{ supplier: 'nvidia', period: { from: '2023-10-01', to: '2023-12-31' } }, 'nvidia from 2023-10-01 to 2023-12-31'],
    [{ type: 'lading.units.scrapped.v1', lines: [{ item: 'H100' }] }, ''],
  ])('says of %j what it is about, so that two flags of one rule are told apart', (facts, about) => {
    expect(aboutOf(facts)).toBe(about);
  });

  it('marks a flag that has more parties than it names', () => {
    const parties = flagColumns.find(({ title }) => title === 'parties')?.value;
    const flag = { parties: ['dhl', 'x'] } as unknown as FlagRow;
    expect([parties?.(flag), parties?.({ ...flag, partial: true })]).toEqual(['dhl, x', 'dhl, x, …']);
  });
});
