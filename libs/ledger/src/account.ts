import type { Move, Place } from '#contracts/move';
import { inKey, outOfKey, type PartiesStage, type Stage } from '#contracts/scalars';

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

/** What an account's units are: the item of one order line. */
export type Goods = Pick<Account, 'item' | 'order' | 'line'>;

/** Joins the seven parts. */
export const accountKey = ({ owner, custodian, item, order, line, stage, shipment }: Account): string =>
  `${inKey(owner)}|${inKey(custodian)}|${inKey(item)}|${inKey(order)}|${inKey(line)}|${stage}|${inKey(shipment ?? '')}`;

/** The key of the account of these goods at a place, without making the account. */
export const keyAt = ({ item, order, line }: Goods, { owner, custodian, stage, shipment }: Place): string =>
  `${inKey(owner)}|${inKey(custodian)}|${inKey(item)}|${inKey(order)}|${inKey(line)}|${stage}|${inKey(shipment ?? '')}`;

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

/** The account that a key names: `accountKey` turned round. */
export function parseAccountKey(key: string): Account {
  const [owner = '', custodian = '', item = '', order = '', line = '', stage = '', shipment = ''] = key
    .split('|')
    .map(outOfKey);
  return { owner, custodian, item, order, line, stage: stage as Stage, shipment: shipment === '' ? null : shipment };
}

/** An account's place, as a move says it. */
export const placeOf = ({ owner, custodian, stage, shipment }: Omit<Account, keyof Goods>): Place =>
  shipment === null ? { owner, custodian, stage } : { owner, custodian, stage, shipment };

const inTheirHands: ReadonlySet<Stage> = new Set<PartiesStage>(['ordered', 'in_transit', 'held', 'damaged']);

/** Whether units in this stage are a party's: promised to it, on their way to it, or with it. */
export const isPartiesStage = (stage: Stage): stage is PartiesStage => inTheirHands.has(stage);

/** Whether a place is in its owner's own stock: held, and by nobody else. */
export const isOwnStock = ({ owner, custodian, stage }: Place): boolean => stage === 'held' && owner === custodian;

/** Accounts outside the books' walls, where units come from and differences go: they may be below zero. */
export const mayBeNegative = (stage: Stage): boolean => stage === 'supply' || stage === 'count';

/** The most units that one account takes, either sign: what a 32-bit integer holds. */
export const MAX_BALANCE = 2 ** 31 - 1;
