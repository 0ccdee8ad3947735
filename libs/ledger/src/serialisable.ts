import type { Holding } from './account.ts';
import type { Entity, Order, OrderLine, Shipment, Stock, StockAccount } from './entity.ts';
import { indexOf } from './order/evolveOrder.ts';
import type { Occurrence } from './overtaken.ts';
import { accountsOf, chunksOf } from './units/evolveStock.ts';

type Entries<K, V> = readonly (readonly [K, V])[];

interface LineJson extends Omit<OrderLine, 'accounts' | 'dispatched' | 'moved' | 'holds'> {
  readonly accounts: Entries<string, Holding>;
  readonly dispatched: Entries<string, number>;
  readonly moved: Entries<string, Occurrence>;
  /** Not written by versions that held nothing. */
  readonly holds?: OrderLine['holds'];
}
type OrderJson = Omit<Order, 'lines' | 'index'> & { readonly lines: readonly LineJson[] };
type ShipmentJson = Omit<Shipment, 'lines' | 'lost'> & {
  readonly lines: Entries<string, readonly string[]>;
  readonly lost: Entries<string, number>;
};

type StockJson = Omit<Stock, 'chunks'> & { readonly accounts: readonly StockAccount[] };

/** An entity as plain JSON, maps as entries: for snapshots. */
export function toJson(entity: Entity): unknown {
  if (entity.kind === 'shipment') {
    return { ...entity, lines: [...entity.lines], lost: [...entity.lost] } satisfies ShipmentJson;
  }
  if (entity.kind === 'stock') {
    const { chunks: _, ...stock } = entity;
    return { ...stock, accounts: accountsOf(entity) } satisfies StockJson;
  }
  if (entity.kind !== 'order') return entity;
  const { index: _, lines, ...order } = entity;
  return {
    ...order,
    lines: lines.map((line) => ({
      ...line,
      accounts: [...line.accounts],
      dispatched: [...line.dispatched],
      moved: [...line.moved],
    })),
  } satisfies OrderJson;
}

const kinds: ReadonlySet<unknown> = new Set<Entity['kind']>([
  'party',
  'item',
  'order',
  'shipment',
  'swap',
  'hold',
  'stock',
  'commitments',
  'once',
  'document',
]);

/** The entity that `toJson` wrote; JSON it did not write is an Error. */
export function fromJson(json: unknown): Entity {
  if (typeof json !== 'object' || json === null || !('kind' in json) || !kinds.has(json.kind)) {
    throw new Error('not an entity of the ledger');
  }
  if (json.kind === 'shipment') return shipmentFrom(json as ShipmentJson);
  if (json.kind === 'stock') return stockFrom(json as StockJson);
  return json.kind === 'order' ? orderFrom(json as OrderJson) : (json as Entity);
}

const shipmentFrom = (json: ShipmentJson): Shipment => ({
  ...json,
  lines: new Map(json.lines),
  lost: new Map(json.lost),
});

const stockFrom = ({ accounts, ...stock }: StockJson): Stock => ({ ...stock, chunks: chunksOf(accounts) });

function orderFrom(json: OrderJson): Order {
  const lines = json.lines.map(
    (line): OrderLine => ({
      ...line,
      accounts: new Map(line.accounts),
      dispatched: new Map(line.dispatched),
      moved: new Map(line.moved),
      holds: line.holds ?? [],
    }),
  );
  return { ...json, lines, index: indexOf(lines) };
}

/**
 * About how many bytes an entity takes in memory: for a cache that is bounded in bytes. An estimate, and cheap: it counts
 * lines, accounts and legs, and never writes the entity out.
 */
export function approximateBytes(entity: Entity): number {
  switch (entity.kind) {
    case 'order':
      return entity.lines.reduce(
        (sum, { accounts, dispatched, moved, holds, promised }) =>
          sum +
          (promised === undefined ? 500 : 900) +
          accounts.size * 400 +
          dispatched.size * 100 +
          moved.size * 200 +
          holds.length * 500,
        500,
      );
    case 'shipment':
      return 800 + entity.orders.length * 80 + entity.lines.size * 120 + entity.lost.size * 200;
    case 'stock':
      return 500 + entity.chunks.reduce((sum, chunk) => sum + 200 + chunk.size * 200, 0);
    case 'commitments':
      return 300 + entity.periods.length * 300;
    case 'swap':
      return 1_000 + entity.terms.legs.length * 500;
    case 'hold':
      return 500 + entity.orders.length * 80;
    case 'party':
    case 'item':
      return 1_000;
    case 'once':
      return 100;
    case 'document':
      return 300;
  }
}
