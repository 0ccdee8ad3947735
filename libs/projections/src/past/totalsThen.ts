import { ADD_UP_ITEMS } from '../holdings/fillTotals.ts';
import type { Db } from '../reading/readModel.ts';

/** A `Choice` of the events that an answer stands on. */
interface OfMoment {
  readonly db: Db;
  readonly ledger: string;
  readonly now: string;
  readonly moment: readonly unknown[];
  balanceOf(row: string, of: 'total', known: string, at: string): string;
}

/** Adds what there was, of some owners, of some items, or of everything, to the tables that the questions read: not event by event. */
export async function addTotals(choice: OfMoment, by: 'owner' | 'item', ids?: readonly string[]): Promise<void> {
  const { db, ledger, now, moment } = choice;
  const [known, at] = ['$3', '$4'] as const;
  const occurred = (when: string): string => (moment.length === 1 ? '' : `AND ${when} <= ${at}::timestamptz`);
  // What had been there, and was all gone, has a row, too.
  await db.query(
    `INSERT INTO holding_totals (ledger, owner, item, stage, custodian, total, postings, oldest, newest, quantity)
     SELECT * FROM (
       SELECT ledger, owner, item, stage, custodian, total, postings, oldest, newest, ${choice.balanceOf('t', 'total', known, at)} AS quantity
       FROM ${now}.holding_totals t
       WHERE ledger = $1 AND ($2::text[] IS NULL OR ${by} = ANY($2)) ${occurred('oldest')} OFFSET 0
     ) t
     WHERE quantity <> 0 OR EXISTS (
       SELECT FROM ${now}.postings p WHERE p.ledger = $1 AND p.total = t.total AND p.sequence <= ${known} ${occurred('p.occurred')})`,
    [ledger, ids ?? null, ...moment],
  );
  await db.query(ADD_UP_ITEMS, [ledger]);
}
