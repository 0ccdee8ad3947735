import type { QueryRunner } from 'typeorm';

/** What the relay remembers: how far each ledger is published, and on which partition. */
export class CreateRelay1764000000200 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA feed;

      -- partition is chosen once and stays: partitions added later move no ledger. sequence is the last that the broker
      -- acknowledged and "offset" is where it stands, so that a topic which was made again is found out.
      CREATE TABLE feed.relay_cursors (
        ledger    text COLLATE "C" NOT NULL PRIMARY KEY,
        topic     text NOT NULL,
        partition integer NOT NULL CHECK (partition >= 0),
        sequence  bigint NOT NULL DEFAULT 0 CHECK (sequence >= 0),
        "offset"  bigint,
        updated   timestamptz NOT NULL DEFAULT now(),
        CHECK (sequence = 0 OR "offset" IS NOT NULL)
      ) WITH (fillfactor = 50);

      -- One row: what the relay that publishes is doing. When it is not updated any more, there is none.
      CREATE TABLE feed.relay_status (
        single  boolean NOT NULL DEFAULT true PRIMARY KEY CHECK (single),
        state   text NOT NULL,
        reason  text,
        updated timestamptz NOT NULL
      ) WITH (fillfactor = 50);
    `);
  }
}
