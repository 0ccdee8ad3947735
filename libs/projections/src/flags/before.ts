import type { EventType } from '#contracts/catalog';
import type { Batch } from '../engine/batch.ts';
import { arrayLiteral } from '../engine/columns.ts';
import type { Db } from '../reading/readModel.ts';

const has = ({ events }: Batch, ...types: EventType[]): boolean => events.some(({ type }) => types.includes(type));

/** Everyone who is controlled, by whom: asked for only when the batch changes an owner. */
export async function loadControls(batch: Batch, db: Db): Promise<Map<string, readonly string[]>> {
  if (!has(batch, 'lading.reallocation.made.v1', 'lading.swap.executed.v1')) return new Map();
  const { rows } = await db.query<{ party: string; by: string[] }>(
    `SELECT party, controlled_by AS by FROM parties WHERE ledger = $1 AND controlled_by <> '{}'`,
    [batch.ledger],
  );
  return new Map(rows.map(({ party, by }) => [party, by]));
}

/** Who the shipments are for of which the batch receives something. */
export async function loadConsignees(batch: Batch, db: Db): Promise<Map<string, string>> {
  const received = new Set(
    batch.events.flatMap(({ type, data }) => (type === 'lading.shipment.received.v1' ? [data.shipment] : [])),
  );
  if (received.size === 0) return new Map();
  const { rows } = await db.query<{ shipment: string; consignee: string }>(
    'SELECT shipment, consignee FROM shipments WHERE ledger = $1 AND shipment = ANY($2::text[])',
    [batch.ledger, arrayLiteral([...received])],
  );
  return new Map(rows.map(({ shipment, consignee }) => [shipment, consignee]));
}

/** When the swaps were proposed that the batch executes: the sequence. */
export async function loadProposals(batch: Batch, db: Db): Promise<Map<string, number>> {
  const executed = batch.events.flatMap(({ type, data }) => (type === 'lading.swap.executed.v1' ? [data.swap] : []));
  if (executed.length === 0) return new Map();
  const { rows } = await db.query<{ swap: string; sequence: number }>(
    'SELECT swap, proposed_sequence AS sequence FROM swaps WHERE ledger = $1 AND swap = ANY($2::text[])',
    [batch.ledger, arrayLiteral(executed)],
  );
  return new Map(rows.map(({ swap, sequence }) => [swap, sequence]));
}
