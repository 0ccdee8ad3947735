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
