import { describe, expect, it } from 'vitest';
import { ago, asOf, day, eventName, moment, plural, signed, units } from './format.ts';

describe('numbers and dates', () => {
  it.each([
    [units(12_000), '12,000'],
    [units(-6_000), '−6,000'],
    [signed(6_000), '+6,000'],
    [signed(-12_000), '−12,000'],
    [signed(0), '0'],
    [plural(1, 'event'), '1 event'],
    [plural(12_000, 'event'), '12,000 events'],
    [day('2023-12-19'), '19 Dec 2023'],
    [moment('2023-12-19T23:30:00.000Z'), '19 Dec 2023, 23:30 UTC'],
    [moment('2023-12-19T23:30:00-05:00'), '20 Dec 2023, 04:30 UTC'],
    [asOf('2023-12-31'), 'the end of 31 Dec 2023'],
    [asOf('2023-12-19T09:00:00Z'), '19 Dec 2023, 09:00 UTC'],
    [eventName('lading.swap.executed.v1'), 'Swap executed'],
    [eventName('lading.order.line_cancelled.v1'), 'Order line cancelled'],
    [ago(2_400), '2 s'],
    [ago(180_000), '3 min'],
    [ago(-5), '0 s'],
  ])('are written the same everywhere: %s is %s', (written, expected) => {
    expect(written).toBe(expected);
  });
});
