import type { QueryRunner } from 'typeorm';

/**
 * Serial numbers are kept as ranges: a row is units of one account that follow each other, `prefix` and a number of so many
 * digits. The number is all of the digits at the end, 12 at most, so that a serial number is in one series only. No two rows of
 * an item's series overlap, so by their last numbers they are in order.
 */
export class UnitsAsRanges1764000000600 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE journal.unit_ranges (
        ledger  text COLLATE "C" NOT NULL,
        item    text COLLATE "C" NOT NULL,
        prefix  text COLLATE "C" NOT NULL,
        digits  integer NOT NULL,
        first   bigint NOT NULL,
        last    bigint NOT NULL CHECK (first <= last),
        account text COLLATE "C" NOT NULL,
        PRIMARY KEY (ledger, item, prefix, digits, last)
      );

      INSERT INTO journal.unit_ranges (ledger, item, prefix, digits, first, last, account)
      SELECT ledger, item, prefix, digits, min(number), max(number), account
        FROM (
          SELECT *, number - row_number() OVER (PARTITION BY ledger, item, prefix, digits, account ORDER BY number) AS island
            FROM (
              SELECT ledger, item, account, left(serial, length(serial) - length(d)) AS prefix, length(d) AS digits,
                     coalesce(nullif(d, '')::bigint, 0) AS number
                FROM journal.units CROSS JOIN LATERAL (SELECT coalesce(substring(serial FROM '[0-9]{1,12}$'), '') AS d) AS s
            ) AS u
        ) AS u
       GROUP BY ledger, item, prefix, digits, account, island;

      DROP TABLE journal.units;
      ALTER TABLE journal.unit_ranges RENAME TO units;
      ALTER INDEX journal.unit_ranges_pkey RENAME TO units_pkey;
      CREATE INDEX units_by_account ON journal.units (ledger, account);
    `);
  }
}
