import { arrayLiteral, columns, overRows } from '../engine/columns.ts';
import type { Db } from '../reading/readModel.ts';
import type { Raised } from './raised.ts';

const INSERT = `
  INSERT INTO flags SELECT $1, sequence, rule, n, parties::text[], item, facts, events::bigint[]
  FROM unnest($2::bigint[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[]) AS t (sequence, rule, n, parties, item, facts, events)`;

/** Keeps flags, numbered within their event and rule in the order given: so an id says the same after a rebuild. */
export async function insertFlags(db: Db, ledger: string, raised: readonly Raised[]): Promise<void> {
  const counts = new Map<string, number>();
  const numbered = raised.map((flag) => {
    const key = `${flag.sequence}|${flag.rule}`;
    const n = (counts.get(key) ?? 0) + 1;
    counts.set(key, n);
    return { ...flag, n };
  });
  await overRows(
    db,
    INSERT,
    ledger,
    columns(
      numbered,
      ({ sequence }) => sequence,
      ({ rule }) => rule,
      ({ n }) => n,
      ({ parties }) => arrayLiteral(parties),
      ({ item }) => item,
      ({ facts }) => JSON.stringify(facts),
      ({ events }) => arrayLiteral(events),
    ),
  );
}
