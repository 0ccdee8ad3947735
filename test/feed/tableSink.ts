import type pg from 'pg';
import type { Applied, Hint, Sink } from '#feed/feed';
import type { FeedEvent } from '#feed/feedEvent';
import { transaction } from '#platform/database/transaction';

/**
 * The smallest sink that keeps its promises: events go into a table whose primary key refuses to take one twice, and the row
 * of the ledger's position is locked first, so that of two consumers one waits and then skips.
 */
export class TableSink implements Sink {
  /** Called in the transaction, after everything was written and before COMMIT. */
  beforeCommit: (ledger: string, events: readonly FeedEvent[]) => Promise<void> = async () => undefined;
  /** Events that cannot be applied, as `nvidia/7`. */
  readonly poison = new Set<string>();
  /** How often `apply` was called, and with how many events. */
  readonly calls: { ledger: string; from: number; to: number }[] = [];

  private constructor(readonly pool: pg.Pool) {}

  static async on(pool: pg.Pool): Promise<TableSink> {
    await pool.query(`
      CREATE TABLE IF NOT EXISTS applied (ledger text, sequence bigint, bytes bytea, PRIMARY KEY (ledger, sequence));
      CREATE TABLE IF NOT EXISTS positions (
        ledger text PRIMARY KEY, sequence bigint NOT NULL DEFAULT 0, hole bigint, partition int, "offset" text, log text)`);
    return new TableSink(pool);
  }

  async positions(): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.pool.query<{ ledger: string; sequence: number }>(
      'SELECT ledger, sequence FROM positions',
    );
    return new Map(rows.map(({ ledger, sequence }) => [ledger, sequence]));
  }

  async hints(): Promise<readonly Hint[]> {
    const { rows } = await this.pool.query<Hint>(
      'SELECT partition, "offset", log FROM positions WHERE partition IS NOT NULL',
    );
    return rows;
  }

  async apply(ledger: string, events: readonly FeedEvent[], hint?: Hint): Promise<Applied> {
    this.calls.push({ ledger, from: events[0]!.sequence, to: events.at(-1)!.sequence });
    return transaction(this.pool, async (client): Promise<Applied> => {
      await client.query('INSERT INTO positions (ledger) VALUES ($1) ON CONFLICT DO NOTHING', [ledger]);
      const locked = await client.query<{ sequence: number }>(
        'SELECT sequence FROM positions WHERE ledger = $1 FOR UPDATE',
        [ledger],
      );
      const at = locked.rows[0]!.sequence;
      const fresh = events.filter(({ sequence }) => sequence > at);
      const first = fresh[0];
      if (first === undefined) return { outcome: 'applied', sequence: at };
      if (first.sequence !== at + 1) return { outcome: 'hole', sequence: at, got: first.sequence };
      const bad = fresh.findIndex(({ sequence }) => this.poison.has(`${ledger}/${sequence}`));
      const good = bad === -1 ? fresh : fresh.slice(0, bad);
      await client.query('INSERT INTO applied SELECT $1, * FROM unnest($2::bigint[], $3::bytea[])', [
        ledger,
        good.map(({ sequence }) => sequence),
        good.map(({ bytes }) => bytes),
      ]);
      const sequence = good.at(-1)?.sequence ?? at;
      await client.query(
        `UPDATE positions SET sequence = $2, hole = NULL, partition = coalesce($3, partition),
                "offset" = coalesce($4, "offset"), log = coalesce($5, log) WHERE ledger = $1`,
        [ledger, sequence, hint?.partition, hint?.offset, hint?.log],
      );
      await this.beforeCommit(ledger, good);
      return bad === -1
        ? { outcome: 'applied', sequence }
        : { outcome: 'parked', sequence, reason: `event ${fresh[bad]!.sequence} is poison` };
    });
  }

  async stopAtHole(ledger: string, sequence: number, got: number): Promise<void> {
    await this.pool.query(
      'INSERT INTO positions (ledger, sequence, hole) VALUES ($1, $2, $3) ON CONFLICT (ledger) DO UPDATE SET hole = $3',
      [ledger, sequence, got],
    );
  }

  /** What is applied of a ledger, in order. */
  async applied(ledger: string): Promise<Buffer[]> {
    const { rows } = await this.pool.query<{ bytes: Buffer }>(
      'SELECT bytes FROM applied WHERE ledger = $1 ORDER BY sequence',
      [ledger],
    );
    return rows.map(({ bytes }) => bytes);
  }

  async hole(ledger: string): Promise<number | null> {
    const { rows } = await this.pool.query<{ hole: number | null }>('SELECT hole FROM positions WHERE ledger = $1', [
      ledger,
    ]);
    return rows[0]?.hole ?? null;
  }
}
