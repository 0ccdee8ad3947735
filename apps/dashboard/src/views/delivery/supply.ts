import type { SupplyRow } from '#contracts/supplyRows';
import type { DeliveryLine } from './delivery.ts';

export interface Period {
  readonly from: string;
  readonly to: string;
}

/** What a supplier has said of an item in a period, and what has become of it. */
export interface Supply {
  readonly item: string;
  readonly supplier: string;
  readonly period: Period;
  /** Null: nothing was said. */
  readonly committed: number | null;
  readonly promised: number;
  readonly allocated: number;
  readonly oversold: number;
  /** Kept for a swap or a purpose. */
  readonly held: number;
  readonly delivered: number;
  readonly lines: number;
}

/** The rows of an item's supply, with what its order lines add to them. Lines of which all is sent are rows, too. */
export function supplyOf(item: string, rows: readonly SupplyRow[], all: readonly DeliveryLine[]): Supply[] {
  const own = { held: 0, delivered: 0, lines: 0 };
  const said: Counted[] = rows.map((row) => ({ ...row, item, ...own }));
  const sent: Counted[] = [];
  for (const row of all.filter(({ line }) => line.item === item)) {
    const { line, supplier } = row;
    const ofSupplier = said.filter((one) => one.supplier === supplier);
    const delivered = deliveredOf(row);
    let supply =
      ofSupplier.find(({ committed, period }) => committed !== null && isIn(line.due, period)) ??
      ofSupplier.find(({ period }) => period.to === line.due);
    if (supply === undefined) {
      supply = sent.find((one) => one.supplier === supplier && one.period.to === line.due);
      if (supply === undefined) {
        const period = { from: line.promised?.window?.from ?? line.window.from, to: line.due };
        supply = { item, supplier, period, committed: null, promised: 0, allocated: 0, oversold: 0, ...own };
        sent.push(supply);
      }
      supply.promised += delivered + row.onTheWay;
      supply.allocated += delivered + row.onTheWay;
    }
    supply.held += line.onHold;
    supply.delivered += delivered;
    supply.lines += 1;
  }
  return [...said, ...sent].sort((a, b) => compare(a.supplier, b.supplier) || compare(a.period.to, b.period.to));
}

type Counted = { -readonly [key in keyof Supply]: Supply[key] };

const deliveredOf = ({ line }: DeliveryLine): number =>
  line.units
    .filter(({ stage }) => stage === 'held' || stage === 'damaged')
    .reduce((total, { quantity }) => total + quantity, 0);

export const isIn = (due: string, { from, to }: Period): boolean => from <= due && due <= to;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A period in the address: `2023-12-01..2023-12-31`. @returns undefined when it is none */
export function periodOf(text: string | undefined): Period | undefined {
  const [, from, to] = /^(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/.exec(text ?? '') ?? [];
  return from === undefined || to === undefined ? undefined : { from, to };
}
export const periodText = ({ from, to }: Period): string => `${from}..${to}`;
