import type pg from 'pg';
import type { StatusRow } from '#contracts/rows';
import { readEvent, readHeads } from '#journal/reader';

/** A relay that publishes says so at least this often (three times as often, in fact). */
const SILENT_MS = 20_000;
/** Publishing takes milliseconds: what has been waiting for longer shows that the relay is behind. */
const LIVE_SECONDS = 5;

const CURSORS = 'SELECT ledger, sequence::float8 AS sequence FROM feed.relay_cursors';
const REPORT = `
  SELECT state, reason, extract(epoch FROM now() - updated)::float8 * 1000 AS age FROM feed.relay_status`;

type Queryable = Pick<pg.ClientBase, 'query'>;

/** How far the relay has published each ledger of the journal. Empty when no relay has ever run: there is no Kafka then. */
export async function relayStatus(db: Queryable): Promise<StatusRow[]> {
  const reported = (await db.query<{ state: string; reason: string | null; age: number }>(REPORT)).rows[0];
  if (reported === undefined) return [];
  const reason =
    reported.age > SILENT_MS
      ? `no relay has been publishing for ${Math.round(reported.age / 1_000)} s`
      : reported.state === 'publishing'
        ? undefined
        : (reported.reason ?? reported.state);

  const cursors = new Map(
    (await db.query<{ ledger: string; sequence: number }>(CURSORS)).rows.map(({ ledger, sequence }) => [
      ledger,
      sequence,
    ]),
  );
  const rows: StatusRow[] = [];
  for (const { ledger, sequence: head } of await readHeads(db)) {
    const sequence = cursors.get(ledger) ?? 0;
    const next = sequence < head ? await readEvent(db, ledger, sequence + 1) : undefined;
    const lagSeconds = next === undefined ? 0 : Math.max(0, (Date.now() - Date.parse(next.recorded)) / 1_000);
    rows.push({
      consumer: 'relay',
      ledger,
      version: null,
      sequence,
      head,
      lagEvents: Math.max(0, head - sequence),
      lagSeconds,
      state: reason !== undefined ? 'parked' : lagSeconds < LIVE_SECONDS ? 'live' : 'catching-up',
      ...(reason !== undefined && { reason }),
    });
  }
  return rows;
}
