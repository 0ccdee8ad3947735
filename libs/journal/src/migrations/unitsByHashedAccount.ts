import type { QueryRunner } from 'typeorm';

/**
 * The units of an account are found by the hash of its key. A key joins six ids, each of up to 512 bytes, and a row of an index
 * has 2,704 bytes; the hash has 8.
 */
export class UnitsByHashedAccount1764000000700 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX journal.units_by_account;
      CREATE INDEX units_by_account ON journal.units (ledger, hashtextextended(account, 0));
    `);
  }
}
