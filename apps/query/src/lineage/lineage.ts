import type { LineageRow } from '#contracts/lineageRows';
import type { HoldingRow } from '#contracts/rows';
import { accountKey, parseAccountKey } from '#ledger/account';
import type { Branch } from '#ledger/lineage';
import { holdings, type HoldingsFilter } from '#projections/holdings/queries';
import { holdingsThen } from '#projections/holdings/then';
import type { Page, PageQuery } from '#projections/reading/page';
import { isPast, type ReadModel } from '#projections/reading/readModel';
import { traceUnit } from './oneUnit.ts';
import { tell } from './tell.ts';
import { trace } from './trace.ts';

interface LineageQuery extends HoldingsFilter, PageQuery {
  /** Only this unit. */
  readonly serial?: string | undefined;
}

const MAX_ROWS = 100;

/** Where units came from: of each account that is asked for, the events that brought its units there, branch by branch. */
export async function lineage(model: ReadModel, { serial, ...query }: LineageQuery): Promise<Page<LineageRow>> {
  if (serial !== undefined) return lineageOfUnit(model, serial, query);
  const asked = { ...query, limit: Math.min(query.limit ?? MAX_ROWS, MAX_ROWS) };
  const page = await accounts(model, asked);
  const traced = await trace(model, page.data);
  const last = page.data.findIndex((holding) => !traced.isWhole(holding));
  const found = page.data.slice(0, last === -1 ? undefined : Math.max(1, last)).map((holding) => ({
    holding,
    branches: traced.isWhole(holding) ? traced.lineage.branches(accountKey(holding)) : undefined,
  }));
  const data = await tell(model, traced, found);
  if (data.length === page.data.length) return { ...page, data };
  // A page ends early where it would have too much: the next one begins behind its last row.
  return { ...(await accounts(model, { ...asked, limit: data.length })), data };
}

async function accounts(model: ReadModel, query: HoldingsFilter & PageQuery): Promise<Page<HoldingRow>> {
  const page = await (isPast(model) ? holdingsThen(model, query) : holdings(model, query));
  // Without groups each row is an account.
  return page as Page<HoldingRow>;
}

/** The account that a unit was in by then, with the way of this unit alone. */
async function lineageOfUnit(model: ReadModel, serial: string, filter: LineageQuery): Promise<Page<LineageRow>> {
  const none = { data: [], next: null };
  const unit = await traceUnit(model, serial, filter.item);
  if (unit === undefined) return none;
  const { traced, then, untold } = unit;
  let found: { holding: HoldingRow; branches: readonly Branch[] | undefined };
  if (untold !== undefined) {
    const { serial: _, sequence: __, ...now } = untold;
    found = { holding: { ...now, quantity: 1 }, branches: undefined };
  } else if (then === undefined) return none;
  else found = { holding: { ...parseAccountKey(then.account), quantity: 1 }, branches: [then.branch] };
  const { holding } = found;
  const isOwn = model.party === undefined || [holding.owner, holding.custodian].includes(model.party);
  const keys = ['owner', 'custodian', 'item', 'order', 'line', 'stage', 'shipment'] as const;
  if (!isOwn || keys.some((key) => filter[key] !== undefined && filter[key] !== holding[key])) return none;
  return { data: await tell(model, traced, [found]), next: null };
}
