import type { QueryRunner } from 'typeorm';

/**
 * The checkpoints that the signer stores before it publishes them, and how far it has come in each ledger. They stand beside the events,
 * so that whoever backs up the journal has both from one moment.
 */
export class CreateCheckpoints1764000001000 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- One checkpoint of a size, whose root never changes: whoever would store another one is refused. note is the signed note, which
      -- gets cosignatures later. published is set when it may be handed out.
      CREATE TABLE journal.checkpoints (
        ledger    text COLLATE "C" NOT NULL,
        size      bigint NOT NULL CHECK (size >= 0),
        origin    text COLLATE "C" NOT NULL,
        root      bytea NOT NULL CHECK (octet_length(root) = 32),
        note      bytea NOT NULL,
        signed    timestamptz NOT NULL DEFAULT now(),
        published timestamptz,
        PRIMARY KEY (ledger, size, origin)
      );

      -- The verifier keys of all who signed checkpoints of a ledger, past and present, as texts. They prove nothing to who has them
      -- from here alone.
      CREATE TABLE journal.verifier_keys (
        ledger text COLLATE "C" NOT NULL,
        key    text COLLATE "C" NOT NULL,
        kind   text NOT NULL CHECK (kind IN ('log', 'witness')),
        since  timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (ledger, key)
      );

      -- Where the signer stands in each ledger. reason: why it refuses to sign, and advice: what to do.
      CREATE TABLE journal.signer_positions (
        ledger   text COLLATE "C" NOT NULL PRIMARY KEY,
        sequence bigint NOT NULL,
        state    text NOT NULL CHECK (state IN ('running', 'parked')),
        reason   text,
        advice   text,
        since    timestamptz
      ) WITH (fillfactor = 50);
    `);
  }
}
