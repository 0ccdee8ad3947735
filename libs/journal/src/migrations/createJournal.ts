import type { QueryRunner } from 'typeorm';

/**
 * The tables of the event store. `ledger` leads every primary key and every index, and no constraint spans two ledgers, so
 * the same schema spreads over several databases. There are no foreign keys: every row is written by the one transaction
 * that holds the ledger's head, and a check per row would cost what the append has to spare.
 */
export class CreateJournal1764000000100 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA journal;

      -- The head of each ledger. Room in the page lets every append update its row in place (HOT).
      CREATE TABLE journal.ledgers (
        ledger   text COLLATE "C" NOT NULL PRIMARY KEY,
        sequence bigint NOT NULL CHECK (sequence >= 0),
        recorded timestamptz NOT NULL
      ) WITH (fillfactor = 40);

      -- One event is one row; bytes are the event, everything else is for finding it.
      CREATE TABLE journal.events (
        ledger       text COLLATE "C" NOT NULL,
        sequence     bigint NOT NULL CHECK (sequence >= 1),
        occurred     timestamptz NOT NULL,
        recorded     timestamptz NOT NULL,
        source       text COLLATE "C" NOT NULL,
        id           text COLLATE "C" NOT NULL,
        type         text COLLATE "C" NOT NULL,
        subject      text COLLATE "C" NOT NULL,
        request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
        leaf_hash    bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
        bytes        bytea NOT NULL CHECK (octet_length(bytes) <= 65535),
        PRIMARY KEY (ledger, sequence),
        UNIQUE (ledger, source, id)
      );
      CREATE INDEX events_by_type ON journal.events (ledger, type, sequence);
      CREATE INDEX events_by_subject ON journal.events (ledger, subject, sequence);

      -- The streams: which events changed an entity.
      CREATE TABLE journal.event_entities (
        ledger   text COLLATE "C" NOT NULL,
        entity   text COLLATE "C" NOT NULL,
        sequence bigint NOT NULL,
        PRIMARY KEY (ledger, entity, sequence)
      );

      -- The account that each serial number is in.
      CREATE TABLE journal.units (
        ledger  text COLLATE "C" NOT NULL,
        item    text COLLATE "C" NOT NULL,
        serial  text COLLATE "C" NOT NULL,
        account text COLLATE "C" NOT NULL,
        PRIMARY KEY (ledger, item, serial)
      );
      CREATE INDEX units_by_account ON journal.units (ledger, account);

      -- The state of a long stream's entity at one of its events, so that loading it reads few events.
      CREATE TABLE journal.snapshots (
        ledger   text COLLATE "C" NOT NULL,
        entity   text COLLATE "C" NOT NULL,
        sequence bigint NOT NULL,
        format   integer NOT NULL,
        state    bytea NOT NULL,
        PRIMARY KEY (ledger, entity)
      );
    `);
  }
}
