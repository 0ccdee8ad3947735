import type { QueryRunner } from 'typeorm';

/**
 * Which witnesses the signer still asks. The verifier key of one that is asked no more stays, because its cosignatures do; but nobody waits
 * for it, so it is no consumer that falls behind.
 */
export class AskedWitnesses1764000001100 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE journal.verifier_keys ADD COLUMN asked boolean NOT NULL DEFAULT true');
  }
}
