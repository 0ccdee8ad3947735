import type { Move, Place } from '#contracts/move';
import type { Stage } from '#contracts/scalars';

/** Where some units of one order line are. `shipment` is null unless they are in transit. */
export interface Account {
  readonly owner: string;
  readonly custodian: string;
  readonly item: string;
  readonly order: string;
  readonly line: string;
  readonly stage: Stage;
  readonly shipment: string | null;
}

/** An account and what is on it. Only `supply` and `count` may be below zero. */
export interface Holding extends Account {
  readonly quantity: number;
}

/** Joins the seven parts; no id holds a `|`. */
export const accountKey = ({ owner, custodian, item, order, line, stage, shipment }: Account): string =>
  `${owner}|${custodian}|${item}|${order}|${line}|${stage}|${shipment ?? ''}`;

/** The account at one end of a move. */
export const accountOf = ({ item, order, line }: Pick<Move, 'item' | 'order' | 'line'>, place: Place): Account => ({
  owner: place.owner,
  custodian: place.custodian,
  item,
  order,
  line,
  stage: place.stage,
  shipment: place.shipment ?? null,
});
