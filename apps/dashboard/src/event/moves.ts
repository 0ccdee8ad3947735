/** What an event books, as the event says it itself. */
export interface Place {
  readonly owner: string;
  readonly custodian: string;
  readonly stage: string;
  readonly shipment?: string | null;
}
export interface Move {
  readonly item: string;
  readonly order: string;
  readonly line: string;
  readonly quantity: number;
  readonly from: Place;
  readonly to: Place;
}

/** The moves of an event's data; what is no move, and an event without any, is left out. */
export function movesOf(data: unknown): Move[] {
  const moves = (data as { readonly moves?: unknown } | null)?.moves;
  return Array.isArray(moves) ? moves.filter(isMove) : [];
}

function isMove(value: unknown): value is Move {
  const { quantity, from, to } = value as Partial<Move>;
  return typeof quantity === 'number' && typeof from === 'object' && typeof to === 'object';
}

/** `ordered from nvidia, of tesla`. */
export const placeName = ({ owner, custodian, stage, shipment }: Place): string =>
  `${stage.replace('_', ' ')}${shipment == null ? '' : ` on ${shipment}`}, ${owner === custodian ? owner : `${owner}’s, with ${custodian}`}`;

interface Posted {
  readonly sequence: number;
  readonly quantity: number;
  readonly shipment: string | null;
}

/** Of the postings on one account: the last that brought units there before an event, or the first that took some away after it. */
export function besideIn<T extends Posted>(
  rows: readonly T[],
  sequence: number,
  side: 'before' | 'after',
  shipment: string | null,
): T | undefined {
  const own = rows.filter((row) => row.shipment === shipment);
  return side === 'before'
    ? own.filter((row) => row.sequence < sequence && row.quantity > 0).sort((a, b) => b.sequence - a.sequence)[0]
    : own.filter((row) => row.sequence > sequence && row.quantity < 0).sort((a, b) => a.sequence - b.sequence)[0];
}
