import type { QueryRunner } from 'typeorm';

/**
 * The streams of stocks, what parties themselves own and hold of an item, of ledgers that were written before there were any: a
 * dispatch takes from them, so they have to know what came before. Only events that say `held` are parsed.
 */
export class StockStreams1764000000800 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      INSERT INTO journal.event_entities (ledger, entity, sequence)
      SELECT DISTINCT e.ledger, 'stock/[' || to_json(place ->> 'owner') || ',' || to_json(move ->> 'item') || ']', e.sequence
        FROM journal.events AS e
       CROSS JOIN LATERAL json_array_elements(convert_from(e.bytes, 'UTF8')::json #> '{data,moves}') AS move
       CROSS JOIN LATERAL (VALUES (move -> 'from'), (move -> 'to')) AS ends (place)
       WHERE position('"held"'::bytea IN e.bytes) > 0
         AND place ->> 'stage' = 'held' AND place ->> 'owner' = place ->> 'custodian'
      ON CONFLICT DO NOTHING;
    `);
  }
}
