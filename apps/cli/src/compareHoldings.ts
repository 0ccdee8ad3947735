import type pg from 'pg';
import type { Balances } from '#audit/balances';
import { type Difference, firstDifference } from '#audit/compared';
import { holdings } from '#projections/holdings/queries';
import { holdingsThen } from '#projections/holdings/then';
import { isPast, withReadModels } from '#projections/reading/readModel';
import { tilePath } from '#proofs/tiles';
import type { Client } from './client.ts';
import { connect, type ConnectionOptions } from './connection.ts';
import { exitCodes, UserError } from './exitCodes.ts';
import { withPool } from './withPool.ts';

/** What is compared: the balances that the events of a ledger come to, up to a sequence. */
interface Folded {
  readonly ledger: string;
  readonly size: number;
  readonly balances: Balances;
}

/** Rows a page. */
const PAGE = 1_000;

/**
 * Holds the balances against the read models: those of a service at an address or of the one that runs here (`http`), or those of the
 * `database` of the settings.
 *
 * @returns the first account that differs
 * @throws UserError when the read models cannot be asked about that moment
 */
export async function compareHoldings(
  where: string,
  folded: Folded,
  { key }: ConnectionOptions,
): Promise<Difference | undefined> {
  if (where !== 'database') return firstDifference(folded.balances, answered(clientOf(where, { key }), folded));
  return withPool((pool) => firstDifference(folded.balances, kept(pool, folded)));
}

/** The service that is asked. @throws UserError when there is no such address, or no key for it */
export const clientOf = (where: string, { key }: { readonly key: string | undefined }): Client =>
  connect({ ...(where !== 'http' && { url: where }), ...(key !== undefined && { key }) });

/** Every account, as the service answers it. */
async function* answered(client: Client, { ledger, size }: Folded): AsyncGenerator<readonly unknown[]> {
  const base = `/v1/ledgers/${encodeURIComponent(ledger)}`;
  // A key that speaks for a party is answered its own accounts only, and may not read all events.
  await client.text(`${base}/${tilePath({ level: 'entries', index: 0, width: 1 })}`, '*/*');
  const path = `${base}/holdings?accounts=all&known=${size}&limit=${PAGE}`;
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { data: unknown[]; next: string | null } = await client.get(
      cursor === '' ? path : `${path}&cursor=${encodeURIComponent(cursor)}`,
    );
    yield page.data;
    cursor = page.next;
  }
}

/** Every account, as the read models of a database have it. */
async function* kept(pool: pg.Pool, { ledger, size: known }: Folded): AsyncGenerator<readonly unknown[]> {
  for (let cursor: string | undefined, more = true; more; ) {
    const query = { accounts: 'all' as const, limit: PAGE, cursor };
    const page = await withReadModels(
      pool,
      ledger,
      (model) => {
        if (model.sequence < known)
          throw new UserError(
            `The read models have applied the first ${model.sequence} of the ${known} events that were read: run this again when "lading status" says that they have all.`,
            exitCodes.unavailable,
          );
        return (isPast(model) ? holdingsThen : holdings)(model, query);
      },
      { known },
    );
    yield page.data;
    [cursor, more] = [page.next ?? undefined, page.next !== null];
  }
}
