import type pg from 'pg';
import type { Balances } from '#audit/balances';
import { type Difference, firstDifference } from '#audit/compared';
import { readHead } from '#journal/reader';
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

/** What is not the same there. */
interface Differs {
  /** The first account that differs. */
  readonly differs?: Difference | undefined;
  /** The last event that is there, where those that were read go on after it. */
  readonly endsAfter?: number;
}

/** The ledger has fewer events there than were read: it cannot be asked as of the last one. */
class Ends extends Error {
  override readonly name = 'Ends';
  constructor(readonly after: number) {
    super(`the ledger ends after event ${after}`);
  }
}

/**
 * Holds the balances against the read models: those of a service at an address or of the one that runs here (`http`), or those of the
 * `database` of the settings.
 *
 * @returns undefined when all is the same
 * @throws UserError when the read models cannot be asked about that moment
 */
export async function compareHoldings(
  where: string,
  folded: Folded,
  { key }: ConnectionOptions,
): Promise<Differs | undefined> {
  const { balances } = folded;
  try {
    const differs =
      where === 'database'
        ? await withPool((pool) => firstDifference(balances, kept(pool, folded)))
        : await firstDifference(balances, answered(clientOf(where, { key }), folded));
    return differs && { differs };
  } catch (error) {
    if (error instanceof Ends) return { endsAfter: error.after };
    throw error;
  }
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
    const asked: string = cursor === '' ? path : `${path}&cursor=${encodeURIComponent(cursor)}`;
    const { status, body } = await client.send<Page>('GET', asked, undefined, [200, 400]);
    if (status === 400) {
      const { sequence } = await client.get<Page>(`${base}/holdings?limit=1`);
      if (sequence < size) throw new Ends(sequence);
      // Says what else is wrong with it.
      await client.get(asked);
    }
    yield body.data;
    cursor = body.next;
  }
}

interface Page {
  readonly sequence: number;
  readonly data: unknown[];
  readonly next: string | null;
}

/** Every account, as the read models of a database have it. */
async function* kept(pool: pg.Pool, { ledger, size: known }: Folded): AsyncGenerator<readonly unknown[]> {
  for (let cursor: string | undefined, more = true; more; ) {
    const query = { accounts: 'all' as const, limit: PAGE, cursor };
    const page = await withReadModels(
      pool,
      ledger,
      async (model) => {
        if (model.sequence < known) {
          const head = (await readHead(pool, ledger)) ?? 0;
          if (head < known) throw new Ends(head);
          throw new UserError(
            `The read models have applied the first ${model.sequence} of the ${known} events that were read: run this again when "lading status" says that they have all.`,
            exitCodes.unavailable,
          );
        }
        return (isPast(model) ? holdingsThen : holdings)(model, query);
      },
      { known },
    );
    yield page.data;
    [cursor, more] = [page.next ?? undefined, page.next !== null];
  }
}
