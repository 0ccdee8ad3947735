import type { HoldingKey } from '#contracts/rows';
import type { Stage } from '#contracts/scalars';
import type { PageQuery } from '../reading/page.ts';
import type { Where } from '../reading/where.ts';

/** Which accounts; what is left out is any. */
export interface HoldingsFilter {
  readonly owner?: string | undefined;
  readonly custodian?: string | undefined;
  readonly item?: string | undefined;
  readonly order?: string | undefined;
  readonly line?: string | undefined;
  readonly stage?: Stage | undefined;
  readonly shipment?: string | undefined;
  /** Adds what is outside the parties' hands: supply, cancelled, lost … All together sum to zero per item. */
  readonly accounts?: 'all' | undefined;
}

export interface HoldingsQuery extends HoldingsFilter, PageQuery {
  readonly groupBy?: readonly HoldingKey[] | undefined;
}

export const COLUMNS = [
  'owner',
  'custodian',
  'item',
  'order',
  'line',
  'stage',
  'shipment',
] as const satisfies HoldingKey[];

/** The keys that the small table of totals has: whatever asks for no others never reads the accounts. */
export const TOTALLED = ['owner', 'custodian', 'item', 'stage'] as const satisfies HoldingKey[];

/** The conditions of a filter on a table that has these columns. */
export function filtered(where: Where, table: string, filter: HoldingsFilter): Where {
  for (const column of COLUMNS) where.equals(`${table}."${column}"`, filter[column]);
  return where;
}
