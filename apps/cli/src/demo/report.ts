import type { FlagRow } from '#contracts/flagRows';
import type { HoldingGroupRow, SwapRow } from '#contracts/rows';
import type { Client } from '../client.ts';
import { flagColumns } from '../flagColumns.ts';
import { formatNumber, renderTable } from '../table.ts';

/** The report of a ledger at a sequence: who holds what, who is promised what, its swaps and its flags. */
interface Report {
  readonly held: readonly HoldingGroupRow[];
  readonly promised: readonly HoldingGroupRow[];
  readonly swaps: readonly SwapRow[];
  readonly flags: readonly FlagRow[];
}

/** Asks over HTTP, waiting until the read models know the event with this sequence. */
export async function askReport(client: Client, ledger: string, sequence: number): Promise<Report> {
  const ask = <R>(path: string, query: Record<string, string> = {}) =>
    client.list<R>(
      `/v1/ledgers/${ledger}/${path}?${new URLSearchParams({ ...query, 'min-sequence': String(sequence) }).toString()}`,
    );
  const [holdings, swaps, flags] = await Promise.all([
    ask<HoldingGroupRow>('holdings', { groupBy: 'owner,custodian,item,order,line,stage,shipment' }),
    ask<SwapRow>('swaps'),
    ask<FlagRow>('flags'),
  ]);
  const isThere = ({ stage }: HoldingGroupRow) => stage === 'held' || stage === 'damaged';
  return { held: holdings.filter(isThere), promised: holdings.filter((row) => !isThere(row)), swaps, flags };
}

/** Formats the report for a terminal. */
export function renderReport({ held, promised, swaps, flags }: Report): string {
  return [
    'Who holds which hardware',
    held.length === 0 ? '  nobody yet' : heldTable(held),
    '',
    'Who is promised what',
    promised.length === 0 ? '  nothing is ordered or on its way' : promisedTable(promised),
    ...swaps.flatMap((swap) => ['', ...renderSwap(swap)]),
    '',
    `Flags (those that depend on the clock are as of today, ${new Date().toISOString().slice(0, 10)})`,
    flags.length === 0 ? '  none' : renderTable(flags, flagColumns),
  ].join('\n');
}

const heldTable = (rows: readonly HoldingGroupRow[]) =>
  renderTable(rows, [
    { title: 'owner', value: (row) => row.owner },
    { title: 'in the hands of', value: (row) => row.custodian },
    { title: 'item', value: (row) => row.item },
    { title: 'from order', value: (row) => `${row.order} line ${row.line}` },
    { title: 'stage', value: (row) => row.stage },
    { title: 'units', value: (row) => row.quantity, align: 'right' },
  ]);

const promisedTable = (rows: readonly HoldingGroupRow[]) =>
  renderTable(rows, [
    { title: 'owner', value: (row) => row.owner },
    { title: 'item', value: (row) => row.item },
    { title: 'from order', value: (row) => `${row.order} line ${row.line}` },
    { title: 'stage', value: (row) => (row.stage === 'in_transit' ? `in transit on ${row.shipment}` : row.stage) },
    { title: 'units', value: (row) => row.quantity, align: 'right' },
  ]);

function renderSwap(swap: SwapRow): string[] {
  const legs = renderTable(swap.legs, [
    { title: 'leg', value: (leg) => `${leg.from} → ${leg.to}` },
    { title: 'order', value: (leg) => `${leg.order} line ${leg.line}` },
    { title: 'due', value: (leg) => `${leg.window.to}${leg.overdue ? ' late' : ''}` },
    { title: 'units', value: (leg) => leg.quantity, align: 'right' },
    { title: 'received', value: (leg) => leg.received, align: 'right' },
    { title: 'missing', value: (leg) => leg.missing, align: 'right' },
  ]);
  const balance = renderTable(swap.balance, [
    { title: 'party', value: (row) => row.party },
    { title: 'item', value: (row) => row.item },
    { title: 'given', value: (row) => row.given, align: 'right' },
    { title: 'received', value: (row) => row.received, align: 'right' },
    { title: 'exchange balance', value: (row) => owed(row.units) },
    { title: 'unit-days', value: (row) => row.unitDays, align: 'right' },
  ]);
  const executed = swap.executed === null ? '' : ` on ${swap.executed.slice(0, 10)}`;
  return [`Swap ${swap.swap}: ${swap.status}${executed}`, legs, balance];
}

function owed(units: number): string {
  if (units === 0) return 'even';
  return units > 0 ? `is owed ${formatNumber(units)}` : `owes ${formatNumber(-units)}`;
}
