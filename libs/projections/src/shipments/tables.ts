import { bigint, bool, day, id, moment, optional, Table, text } from '../engine/table.ts';

// `final`: a receipt said that nothing more is coming. `sequence` is the event that dispatched it first.
export const shipments = new Table('shipments', {
  columns: {
    shipment: id,
    consignee: id,
    carrier: id,
    destination: optional(text),
    eta: optional(day),
    dispatched: moment,
    final: bool,
    sequence: bigint,
  },
  key: ['shipment'],
  fillfactor: 90,
});

// A line is one owner's units of one order line on the shipment: advised = received + damaged + lost + refused + in_transit. `arrived` is the
// newest moment at which some of them were received.
const lines = new Table('shipment_lines', {
  columns: {
    shipment: id,
    order: id,
    line: id,
    owner: id,
    item: id,
    advised: bigint,
    received: bigint,
    damaged: bigint,
    surplus: bigint,
    lost: bigint,
    refused: bigint,
    in_transit: bigint,
    arrived: optional(moment),
  },
  key: ['shipment', 'order', 'line', 'owner'],
  fillfactor: 85,
  indexes: { shipment_lines_coming: { on: ['shipment', 'item'], where: 'in_transit > 0', forQuestions: true } },
});

export const tables = [shipments, lines];

/** What of a line's units is where; `advised` is what was sent for this owner, so that the others sum to it (but for surplus). */
export const STATES = ['advised', 'received', 'damaged', 'surplus', 'lost', 'refused', 'in_transit'] as const;
export type State = (typeof STATES)[number];
export type ShipmentLine = Record<State, number> & {
  readonly shipment: string;
  readonly order: string;
  readonly line: string;
  readonly owner: string;
  readonly item: string;
  /** In microseconds since 1970; null, where nothing of them arrives. */
  arrived: number | null;
};

export const addLines = lines.add<ShipmentLine>(
  {
    shipment: ({ shipment }) => shipment,
    order: ({ order }) => order,
    line: ({ line }) => line,
    owner: ({ owner }) => owner,
    item: ({ item }) => item,
    advised: ({ advised }) => advised,
    received: ({ received }) => received,
    damaged: ({ damaged }) => damaged,
    surplus: ({ surplus }) => surplus,
    lost: ({ lost }) => lost,
    refused: ({ refused }) => refused,
    in_transit: ({ in_transit }) => in_transit,
    arrived: ({ arrived }) => arrived,
  },
  STATES,
  ['arrived'],
);

const named = {
  shipment: ({ shipment }: ShipmentLine) => shipment,
  order: ({ order }: ShipmentLine) => order,
  line: ({ line }: ShipmentLine) => line,
  owner: ({ owner }: ShipmentLine) => owner,
};

// A line of which nothing was ever sent, by what stands, is not on the shipment.
export const forgetLines = lines.remove<ShipmentLine>(
  named,
  ` AND ${STATES.map((state) => `stored.${state} = 0`).join(' AND ')}`,
);
// After a receipt was taken back: by the postings of the others. The from of a move stands before its to; surplus is the supplier's.
export const lookWhenArrived = lines.update<ShipmentLine>(named, {
  arrived: `(
    SELECT max(p.occurred) FROM holdings t
      JOIN postings p ON p.ledger = $1 AND p.account = t.account AND p.n % 2 = 1
      JOIN activity a ON a.ledger = $1 AND a.sequence = p.sequence
      JOIN postings q ON q.ledger = $1 AND q.sequence = p.sequence AND q.n = p.n - 1
      JOIN holdings f ON f.ledger = $1 AND f.account = q.account
    WHERE t.ledger = $1 AND t."order" = stored."order" AND t.line = stored.line AND t.owner = stored.owner
      AND t.stage IN ('held', 'damaged') AND NOT (f.stage = 'supply' AND f.owner = t.owner) AND a.voided_by IS NULL
      AND a.type = 'lading.shipment.received.v1' AND a.subject = 'shipment/' || stored.shipment)`,
});
