import type { QueryRunner } from 'typeorm';
import type { Migration } from '../database/migrate.ts';

/** The table of the keys, without their secrets, and a trigger that notifies every process of each change to it. */
export class CreateApiKeys1704000000000 implements Migration {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA IF NOT EXISTS platform;
      CREATE TABLE platform.api_keys (
        name     text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$' AND name <> 'admin'),
        hash     bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
        roles    text[] NOT NULL CHECK (cardinality(roles) > 0),
        ledgers  text[],
        sources  text[],
        party    text,
        created  timestamptz NOT NULL DEFAULT now(),
        rotated  timestamptz,
        revoked  timestamptz
      );
      COMMENT ON COLUMN platform.api_keys.hash IS 'SHA-256 of the secret, which is kept nowhere';
      COMMENT ON COLUMN platform.api_keys.ledgers IS 'null: all';
      COMMENT ON COLUMN platform.api_keys.sources IS 'null: all';

      CREATE FUNCTION platform.tell_api_key() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_notify('lading_api_keys', coalesce(NEW.name, OLD.name));
        RETURN NULL;
      END $$;
      CREATE TRIGGER tell_api_key AFTER INSERT OR UPDATE OR DELETE ON platform.api_keys
        FOR EACH ROW EXECUTE FUNCTION platform.tell_api_key();
    `);
  }
}
