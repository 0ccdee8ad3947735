import type { QueryRunner } from 'typeorm';

/**
 * Events that may name an order or a shipment of which they move nothing: proposals of swaps, and dispatches that say where units come
 * from or what they replace. Who takes an order or a dispatch back looks for its name in these, and not in all later dispatches.
 */
export class EventsThatMayName1764000001200 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX events_that_may_name ON journal.events (ledger, sequence)
       WHERE type = 'lading.swap.proposed.v1' OR type = 'lading.shipment.dispatched.v1'
         AND (position('"from":['::bytea IN bytes) > 0 OR position('"substitutes"'::bytea IN bytes) > 0);
    `);
  }
}
