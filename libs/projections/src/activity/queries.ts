import type { ActivityRow } from '#contracts/rows';
import { instantOf } from '../engine/values.ts';
import { limitOf, type Page, pageOf, type PageQuery, pageStart, Where } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';

interface ActivityQuery extends PageQuery {
  readonly type?: string | undefined;
  readonly subject?: string | undefined;
  readonly source?: string | undefined;
  /** Events that name this party. */
  readonly party?: string | undefined;
  readonly item?: string | undefined;
}

/** That an event concerns a party: what a key that speaks for it may read. */
export const concerns = (party: string, ledger: string, sequence: string): string =>
  `EXISTS (SELECT FROM event_parties c WHERE c.ledger = ${ledger} AND c.party = ${party} AND c.sequence = ${sequence})`;

/** What happened, the newest first. */
export async function activity({ db, ledger, party }: ReadModel, query: ActivityQuery): Promise<Page<ActivityRow>> {
  const where = new Where(ledger, 'a').equals('a.type', query.type).equals('a.subject', query.subject);
  where.equals('a.source', query.source);
  if (query.party !== undefined) where.and(`${where.value(query.party)} = ANY(string_to_array(a.parties, E'\\t'))`);
  if (query.item !== undefined) where.and(`${where.value(query.item)} = ANY(string_to_array(a.items, E'\\t'))`);
  where.only(party, (mine) => concerns(mine, 'a.ledger', 'a.sequence'));
  const before = pageStart(query, [0]);
  if (before !== undefined) where.and(`a.sequence < ${where.value(before[0])}`);
  const { rows } = await db.query<ActivityRow>(
    `SELECT sequence, type, id, source, subject, actor, ${instantOf('occurred')} AS occurred, ${instantOf('recorded')} AS recorded,
       string_to_array(parties, E'\\t') AS parties, string_to_array(items, E'\\t') AS items, quantity, note
     FROM activity a ${where.sql} ORDER BY a.sequence DESC LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  return pageOf(
    rows,
    query,
    ({ sequence }) => [sequence],
    (row) => row,
  );
}
