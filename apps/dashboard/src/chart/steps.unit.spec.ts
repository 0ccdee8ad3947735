import { describe, expect, it } from 'vitest';
import { highest, lineOf, rowsOf, type Series, unitLines, valueAt } from './steps.ts';

const of = (party: string, ...steps: (readonly [string, number])[]): Series => ({
  ...{ party, name: party },
  steps: steps.map(([moment, quantity]) => ({ moment, quantity })),
});
const tesla = of('tesla', ['2023-10-01T00:00:00Z', 12_000], ['2023-12-19T09:00:00Z', 0]);
const x = of('x', ['2023-12-19T09:00:00Z', 12_000]);

describe('what each party had over time', () => {
  it('stand still between two changes, and are nothing before the first', () => {
    const at = (moment: string) => valueAt(tesla.steps, Date.parse(moment));
    expect(['2023-09-30', '2023-10-01', '2023-12-19T08:59:59Z', '2023-12-19T09:00:00Z', '2030-01-01'].map(at)).toEqual([
      0, 12_000, 12_000, 0, 0,
    ]);
  });

  it('have the same values as rows as in the chart: all of them at every moment at which one changed', () => {
    expect(rowsOf([tesla, x])).toEqual([
      { moment: '2023-10-01T00:00:00Z', values: [12_000, 0] },
      { moment: '2023-12-19T09:00:00Z', values: [0, 12_000] },
    ]);
  });

  it.each([
    [[12_000], [0, 5_000, 10_000, 15_000]],
    [[1], [0, 1]],
    [[], [0, 1]],
    [
      [-4, 7],
      [-5, 0, 5, 10],
    ],
    [[1_000_000_000], [0, 200_000_000, 400_000_000, 600_000_000, 800_000_000, 1_000_000_000]],
  ])('of %j units have the lines %j: round, whole, around all of them, and zero among them', (quantities, lines) => {
    const steps = quantities.map((quantity) => ['2024-01-01T00:00:00Z', quantity] as const);
    expect(unitLines([of('a', ...steps)])).toEqual(lines);
  });

  it('are a line of steps, from nothing to the end of the chart', () => {
    const axes = { x: (moment: string) => Number(moment), y: (quantity: number) => 100 - quantity, end: 90 };
    expect(
      lineOf(
        [
          { moment: '10', quantity: 40 },
          { moment: '50', quantity: 0 },
        ],
        axes,
      ),
    ).toBe('M10.0,100.0H10.0V60.0H50.0V100.0H90.0');
    expect(lineOf([], axes)).toBe('');
  });

  it('are drawn of those whose lines rise highest, also where they end at nothing', () => {
    expect(highest([of('none'), x, tesla, of('y', ['2024-01-01', 5])], 2)).toEqual([x, tesla]);
  });
});
