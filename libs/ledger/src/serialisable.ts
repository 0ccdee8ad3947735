import type { Holding } from './account.ts';
import type { Entity, LineOnShipment, Order, OrderLine } from './entity.ts';
import { indexOf } from './order/evolveOrder.ts';

interface LineJson extends Omit<OrderLine, 'accounts' | 'shipments'> {
  readonly accounts: readonly (readonly [key: string, holding: Holding])[];
  readonly shipments: readonly (readonly [shipment: string, on: LineOnShipment])[];
}
type OrderJson = Omit<Order, 'lines' | 'index'> & { readonly lines: readonly LineJson[] };

/** An entity as plain JSON: for snapshots, and for what a cache holds. */
export function toJson(entity: Entity): unknown {
  if (entity.kind !== 'order') return entity;
  const { index: _, lines, ...order } = entity;
  const json: OrderJson = {
    ...order,
    lines: lines.map((line) => ({ ...line, accounts: [...line.accounts], shipments: [...line.shipments] })),
  };
  return json;
}

const kinds: ReadonlySet<unknown> = new Set<Entity['kind']>(['party', 'item', 'order', 'shipment', 'swap', 'once']);

/** The entity that `toJson` wrote; JSON it did not write is an Error. */
export function fromJson(json: unknown): Entity {
  if (typeof json !== 'object' || json === null || !('kind' in json) || !kinds.has(json.kind)) {
    throw new Error('not an entity of the ledger');
  }
  if (json.kind !== 'order') return json as Entity;
  const { lines: written, ...order } = json as OrderJson;
  const lines = written.map(
    (line): OrderLine => ({ ...line, accounts: new Map(line.accounts), shipments: new Map(line.shipments) }),
  );
  return { ...order, lines, index: indexOf(lines) };
}

/**
 * About how many bytes an entity takes in memory: for a cache that is bounded in bytes. An estimate, and cheap: it looks
 * at an order's lines and at a swap's legs, and never writes the entity out.
 */
export function approximateBytes(entity: Entity): number {
  switch (entity.kind) {
    case 'order':
      return entity.lines.reduce(
        (sum, { accounts, shipments }) => sum + 400 + accounts.size * 400 + shipments.size * 150,
        500,
      );
    case 'shipment':
      return 800 + entity.orders.length * 80;
    case 'swap':
      return 1_000 + entity.terms.legs.length * 500;
    case 'party':
    case 'item':
      return 1_000;
    case 'once':
      return 100;
  }
}
