import type pg from 'pg';

/** How far one ledger is published. */
export interface Cursor {
  readonly topic: string;
  readonly partition: number;
  /** The last sequence that the broker acknowledged; 0: none. */
  readonly sequence: number;
  /** Where on its partition that sequence stands; undefined: nowhere yet. */
  readonly offset: bigint | undefined;
}

const LOAD = `SELECT ledger, topic, partition, sequence, "offset"::text AS "offset" FROM feed.relay_cursors`;
const STORE = `
  INSERT INTO feed.relay_cursors AS c (ledger, topic, partition, sequence, "offset", updated)
  VALUES ($1, $2, $3, $4, $5, now())
  ON CONFLICT (ledger) DO UPDATE SET
    topic = excluded.topic, partition = excluded.partition, sequence = excluded.sequence, "offset" = excluded."offset",
    updated = excluded.updated`;
const REPORT = `
  INSERT INTO feed.relay_status AS s (state, reason, updated) VALUES ($1, $2, now())
  ON CONFLICT (single) DO UPDATE SET state = excluded.state, reason = excluded.reason, updated = excluded.updated`;

export async function loadCursors(client: pg.ClientBase): Promise<Map<string, Cursor>> {
  const { rows } = await client.query<{
    ledger: string;
    topic: string;
    partition: number;
    sequence: number;
    offset: string | null;
  }>(LOAD);
  return new Map(
    rows.map(({ ledger, offset, ...rest }) => [
      ledger,
      { ...rest, offset: offset === null ? undefined : BigInt(offset) },
    ]),
  );
}

/** One statement a ledger: no transaction spans two. */
export async function storeCursor(client: pg.ClientBase, ledger: string, cursor: Cursor): Promise<void> {
  const { topic, partition, sequence, offset } = cursor;
  await client.query({
    name: 'relay-cursor',
    text: STORE,
    values: [ledger, topic, partition, sequence, offset?.toString() ?? null],
  });
}

export async function report(client: pg.ClientBase, state: string, reason: string | undefined): Promise<void> {
  await client.query({ name: 'relay-report', text: REPORT, values: [state, reason ?? null] });
}
