import type { HoldingGroupRow } from '#contracts/rows';
import type { Page } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';
import { byAccount } from './byAccount.ts';
import { byGroup } from './byGroup.ts';
import type { HoldingsQuery } from './filter.ts';

export type { HoldingsFilter, HoldingsQuery } from './filter.ts';

/** Holdings, an account a row, or summed by the keys of `groupBy`. Accounts without units are left out. */
export async function holdings(model: ReadModel, query: HoldingsQuery): Promise<Page<HoldingGroupRow>> {
  const { groupBy = [] } = query;
  return groupBy.length === 0 ? byAccount(model, query) : byGroup(model, query, [...new Set(groupBy)]);
}
