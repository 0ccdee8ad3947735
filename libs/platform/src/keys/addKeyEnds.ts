import type { QueryRunner } from 'typeorm';
import type { Migration } from '../database/migrate.ts';

/** When a key ends by itself, the secret that it had before and until when that one works, and when it was used last. */
export class AddKeyEnds1704000000001 implements Migration {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE platform.api_keys
        ADD COLUMN expires       timestamptz CHECK (isfinite(expires)),
        ADD COLUMN previous_hash bytea UNIQUE CHECK (length(previous_hash) = 32),
        ADD COLUMN previous_ends timestamptz CHECK (isfinite(previous_ends)),
        ADD CHECK ((previous_hash IS NULL) = (previous_ends IS NULL));
      COMMENT ON COLUMN platform.api_keys.expires IS 'null: never';
      COMMENT ON COLUMN platform.api_keys.previous_hash IS 'of the secret before the last rotation, which works until previous_ends';

      -- A table of its own: its changes say nothing about what a key may do, so no process is told of them.
      CREATE TABLE platform.api_key_uses (
        name text PRIMARY KEY REFERENCES platform.api_keys ON UPDATE CASCADE ON DELETE CASCADE,
        used timestamptz NOT NULL
      );
    `);
  }
}
