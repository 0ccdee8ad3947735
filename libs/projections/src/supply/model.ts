import type { Window } from '#contracts/scalars';
import type { Batch } from '../engine/batch.ts';
import { bigint, day, id, Table } from '../engine/table.ts';
import type { Model } from '../model.ts';
import type { Db } from '../reading/readModel.ts';

// What a supplier committed to, by period. No two periods of a supplier and item have a day in common.
const commitments = new Table('commitments', {
  columns: { item: id, supplier: id, period_to: day, period_from: day, quantity: bigint, sequence: bigint },
  key: ['item', 'supplier', 'period_to', 'period_from'],
  indexes: { commitments_raised: { on: ['sequence'] } },
});

interface Commitment {
  readonly item: string;
  readonly supplier: string;
  readonly period: Window;
  readonly quantity: number;
  readonly sequence: number;
}
const period = {
  item: ({ item }: Commitment) => item,
  supplier: ({ supplier }: Commitment) => supplier,
  period_to: ({ period }: Commitment) => period.to,
  period_from: ({ period }: Commitment) => period.from,
};
const commit = commitments.insert<Commitment>({
  ...period,
  quantity: ({ quantity }) => quantity,
  sequence: ({ sequence }) => sequence,
});
/** What is committed to the same period is replaced; another one with days in common has been committed to 0. */
const replace = commitments.over<Commitment>(
  period,
  (given) => `DELETE FROM commitments stored USING ${given}
    WHERE stored.ledger = $1 AND stored.item = given.item AND stored.supplier = given.supplier
      AND stored.period_to >= given.period_from AND stored.period_from <= given.period_to`,
);

export const commitmentsModel: Model = {
  tables: [commitments],
  types: ['lading.supply.committed.v1'],
  apply: keepCommitments,
  undo: async ({ event, restored }, { ledger }, db) => {
    if (event.type !== 'lading.supply.committed.v1') return;
    const { item, supplier, period } = event.data;
    await replace(db, ledger, [{ item, supplier, period, quantity: 0, sequence: 0 }]);
    const before = restored.commitments ?? [];
    await commit(
      db,
      ledger,
      before.map((one) => ({ ...one, item, supplier })),
    );
  },
};

async function keepCommitments({ ledger, events }: Batch, db: Db): Promise<void> {
  const said: Commitment[] = events.flatMap(({ type, data, sequence }) => {
    if (type !== 'lading.supply.committed.v1') return [];
    const { item, supplier, period, quantity } = data;
    return [{ item, supplier, period, quantity, sequence }];
  });
  if (said.length === 0) return;
  const standing = said.filter((one, at) => !said.slice(at + 1).some((later) => replaces(later, one)));
  await replace(db, ledger, said);
  await commit(db, ledger, standing);
}

const replaces = (later: Commitment, one: Commitment): boolean =>
  later.item === one.item &&
  later.supplier === one.supplier &&
  later.period.from <= one.period.to &&
  one.period.from <= later.period.to;
