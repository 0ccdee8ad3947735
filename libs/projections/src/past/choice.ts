import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { commitmentsKey } from '#ledger/entity';
import type { Db } from '../reading/readModel.ts';
import { balanceThen } from '../postings/balance.ts';
import type { EventsOfThePast, MomentBounds } from './scratch.ts';
import { addTotals } from './totalsThen.ts';

/** What is folded for one question at most. Beyond it, a question about the past is refused, or its page is shorter. */
export const MOST = { events: 5_000, bytes: 8_388_608, moves: 20_000 };

/** There are more events in a question about the past than are folded for one answer. */
export class TooMuchPast extends Error {
  /** @param of whose events they are, for the sentence: `order PO-1` */
  constructor(of: string, instead: string) {
    super(
      `at a moment of the past this stands on more than ${MOST.events.toLocaleString('en')} events, or ${MOST.moves.toLocaleString('en')} moves, of ${of}, and so many are not gone through for one answer: ${instead}`,
    );
    this.name = 'TooMuchPast';
  }
}

/** The events that the answer to a question stands on, as they are found: the one leads to the other. */
export class Choice {
  /** The orders of which moves are booked. */
  readonly orders = new Set<string>();
  readonly #events = new Map<number, LedgerEvent>();
  readonly #streams = new Set<string>();

  constructor(
    readonly db: Db,
    /** The schema of the read models as they are now. */
    readonly now: string,
    readonly ledger: string,
    readonly bounds: MomentBounds,
    private readonly source: EventsOfThePast,
    /** Whose events they are. */
    private readonly of: string,
  ) {}

  /** As parameters. */
  get moment(): readonly unknown[] {
    const { known, at } = this.bounds;
    return at === undefined ? [known] : [known, at];
  }

  /** SQL for what was on the account, or what the total was, of a row of now, with the moment in these parameters. */
  balanceOf(row: string, of: 'account' | 'total', known: string, at: string): string {
    const moment = { known, at: this.bounds.at === undefined ? undefined : at, isHead: false };
    return balanceThen(row, of, moment, `${this.now}.`);
  }

  /** In sequence order. @throws {TooMuchPast} when they book more moves than are booked for one answer */
  chosen(): LedgerEvent[] {
    let moves = 0;
    for (const event of this.#events.values())
      for (const { order } of movesOf(event)) if (this.orders.has(order)) moves += 1;
    if (moves > MOST.moves) throw this.#tooMuch();
    return [...this.#events.values()].sort((a, b) => a.sequence - b.sequence);
  }

  /** Adds the events of these streams. */
  async streams(entities: Iterable<string>): Promise<LedgerEvent[]> {
    const asked = [...new Set(entities)].filter((entity) => !this.#streams.has(entity));
    if (asked.length === 0) return [];
    for (const entity of asked) this.#streams.add(entity);
    return this.#add({ entities: asked });
  }

  async sequences(sequences: readonly number[]): Promise<LedgerEvent[]> {
    const asked = sequences.filter((sequence) => !this.#events.has(sequence));
    return asked.length === 0 ? [] : this.#add({ sequences: asked });
  }

  /** Adds events that were read already. */
  add(events: readonly LedgerEvent[]): void {
    for (const event of events) this.#events.set(event.sequence, event);
  }

  /** The ids of everything of a kind that there was by then. */
  async entityIds(prefix: string): Promise<string[]> {
    const ids: string[] = [];
    for (let after: string | undefined = ''; after !== undefined; ) {
      const { known } = this.bounds;
      const most = { found: MOST.events, steps: MOST.events };
      const { found, upTo } = await this.source.entities(this.db, this.ledger, { prefix, after, known }, most);
      ids.push(...found.map(({ id }) => id));
      after = upTo;
    }
    return ids;
  }

  async placed(orders: readonly string[]): Promise<LedgerEvent[]> {
    return orders.length === 0 ? [] : this.#add({ placed: orders });
  }

  async #add(which: Parameters<EventsOfThePast['chosen']>[2]): Promise<LedgerEvent[]> {
    const found = await this.source.chosen(this.db, this.ledger, which, this.bounds, MOST);
    for (const event of found ?? []) this.#events.set(event.sequence, event);
    if (found === undefined || this.#events.size > MOST.events) throw this.#tooMuch();
    return found;
  }

  #tooMuch(): TooMuchPast {
    return new TooMuchPast(this.of, 'ask for less of it, or for a moment before these');
  }
}

/** @param asked what the question asks for */
export type Chooses = (
  choice: Choice,
  ids: readonly string[],
  party: string | undefined,
  asked: object,
) => Promise<void>;

const streamsOf = (prefix: string, ids: Iterable<string>): string[] => [...ids].map((id) => `${prefix}/${id}`);

/** Orders, with whatever holds units of theirs. */
export const chooseOrders: Chooses = async (choice, ids, party) => {
  for (const id of ids) choice.orders.add(id);
  const events = await choice.streams(streamsOf('order', ids));
  const held = await choice.streams(events.flatMap(holdsIn));
  // Whose swap it is that holds units, its legs tell: they name orders, whose suppliers are asked for.
  if (party !== undefined) await chooseHeaders(choice, legOrders([...events, ...held]));
};

/** The streams of what an event lets hold units, or no more. */
function holdsIn({ type, data }: LedgerEvent): string[] {
  if (type === 'lading.swap.accepted.v1') return [`swap/${data.swap}`];
  return 'hold' in data && data.hold !== undefined ? [`hold/${data.hold}`] : [];
}

const legOrders = (events: readonly LedgerEvent[]): string[] =>
  events.flatMap(({ type, data }) =>
    type === 'lading.swap.proposed.v1' || type === 'lading.swap.executed.v1' ? data.legs.map(({ order }) => order) : [],
  );

/** Who is behind orders: the events that placed them. Nothing else of them is followed. */
export async function chooseHeaders(choice: Choice, orders: Iterable<string>): Promise<void> {
  const strange = [...new Set(orders)].filter((order) => !choice.orders.has(order));
  for (const order of strange) choice.orders.add(order);
  await choice.placed(strange);
}

/** Shipments, with the units that were ever on them. */
export const chooseShipments: Chooses = async (choice, ids) => {
  const events = await choice.streams(streamsOf('shipment', ids));
  const orders = new Set(events.flatMap((event) => movesOf(event).map(({ order }) => order)));
  // Units that change hands on the way: such an event is not of the shipment's stream.
  const { rows } = await choice.db.query<{ sequence: number }>(
    `SELECT DISTINCT p.sequence FROM ${choice.now}.holdings h CROSS JOIN LATERAL (
       SELECT sequence FROM ${choice.now}.postings WHERE ledger = $1 AND account = h.account OFFSET 0
     ) p WHERE h.ledger = $1 AND h."order" = ANY($2) AND h.shipment = ANY($3) AND p.sequence <= $4`,
    [choice.ledger, [...orders], ids, choice.bounds.known],
  );
  await choice.sequences(rows.map(({ sequence }) => sequence));
  await chooseHeaders(choice, orders);
};

/** Swaps, with all that the lines of their legs went through: whose units they are, their turn decides. */
export const chooseSwaps: Chooses = async (choice, ids) => {
  const orders = legOrders(await choice.streams(streamsOf('swap', ids)));
  for (const order of orders) choice.orders.add(order);
  await choice.streams(streamsOf('order', orders));
};

/** Whatever has a stream of its own, and stands on nothing else. */
export const chooseStreams =
  (prefix: string): Chooses =>
  async (choice, ids) => {
    await choice.streams(streamsOf(prefix, ids));
  };

/** SQL for the streams of events that were taken back later: the tables of now have nothing of them any more. */
const takenBackSince = ({ now }: Choice, types: string, known: string): string =>
  `SELECT subject COLLATE "C" AS stream FROM ${now}.activity
   WHERE ledger = $1 AND type IN (${types}) AND voided_by IS NOT NULL AND voided_by > ${known}::bigint AND sequence <= ${known}::bigint`;

/** Parties, with their swaps. What they own is added up. */
export const chooseParties: Chooses = async (choice, ids) => {
  await choice.streams(streamsOf('party', ids));
  const { rows } = await choice.db.query<{ swap: string }>(
    `SELECT DISTINCT l.swap FROM unnest($2::text[]) AS of (party) CROSS JOIN LATERAL (
       SELECT swap FROM ${choice.now}.swap_legs WHERE ledger = $1 AND executed AND giver = of.party
       UNION ALL SELECT swap FROM ${choice.now}.swap_legs WHERE ledger = $1 AND executed AND receiver = of.party
     ) l
     UNION SELECT substr(stream, length('swap/') + 1)
       FROM (${takenBackSince(choice, `'lading.swap.executed.v1'`, '$3')}) AS taken_back`,
    [choice.ledger, ids, choice.bounds.known],
  );
  await chooseSwaps(
    choice,
    rows.map(({ swap }) => swap),
    undefined,
    {},
  );
  await addTotals(choice, 'owner', ids);
};

/** Items. What there is of them is added up. */
export const chooseItems: Chooses = async (choice, ids, party) => {
  await choice.streams(streamsOf('item', ids));
  if (party !== undefined) await choice.streams(ids.map((id) => commitmentsKey(party, id)));
  await addTotals(choice, 'item', ids);
};

/** An item, with every order that ever had units of it. */
export const chooseOrdersOfItem: Chooses = (choice, ids, party) =>
  chooseItemAndOrders(
    choice,
    ids,
    party,
    `SELECT DISTINCT "order" FROM ${choice.now}.holdings WHERE ledger = $1 AND item = ANY($2) AND account >= 0`,
    [],
  );

/** An item, with the orders of which somebody waited for units. */
export const chooseQueue: Chooses = async (choice, ids, party) => {
  // Whether a party has to do with an item, all that it ever had of it tells.
  if (party !== undefined) await addTotals(choice, 'item', ids);
  await chooseItemAndOrders(
    choice,
    ids,
    party,
    `SELECT DISTINCT "order" FROM (
       SELECT "order" FROM (
         SELECT h."order", h.line, h.owner, ${choice.balanceOf('h', 'account', '$3', '$4')} AS quantity FROM ${choice.now}.holdings h
         WHERE h.ledger = $1 AND h.item = ANY($2) AND h.account >= 0 AND h.stage IN ('ordered', 'in_transit') OFFSET 0
       ) h
       GROUP BY "order", line, owner HAVING sum(quantity) > 0
     ) waiting`,
    choice.moment,
  );
};

/** @param orders SQL for those that are looked at; the ledger is $1, the items are $2 */
async function chooseItemAndOrders(
  choice: Choice,
  items: readonly string[],
  party: string | undefined,
  orders: string,
  values: readonly unknown[],
): Promise<void> {
  await choice.streams(streamsOf('item', items));
  if (party !== undefined) await choice.streams(items.map((item) => commitmentsKey(party, item)));
  const { rows } = await choice.db.query<{ order: string }>(orders, [choice.ledger, items, ...values]);
  await chooseOrders(choice, [...new Set(rows.map(({ order }) => order))], party, {});
}

/** An item, with what was promised of it and what its suppliers committed to. */
export const chooseSupply: Chooses = async (choice, ids, party) => {
  if (party !== undefined) await addTotals(choice, 'item', ids);
  await chooseOrdersOfItem(choice, ids, party, {});
  const all = await choice.entityIds('commitments');
  await choice.streams(
    all.filter((key) => ids.includes((JSON.parse(key) as string[])[1] ?? '')).map((key) => `commitments/${key}`),
  );
};

/** Whatever is on hold, with the orders that it is of; what there is of everything is added up. */
export const chooseHeld: Chooses = async (
  choice,
  _,
  party,
  { owner = party, item }: { owner?: string; item?: string },
) => {
  const { rows } = await choice.db.query<{ stream: string }>(
    `SELECT DISTINCT kind || '/' || name AS stream FROM ${choice.now}.held_lines
     WHERE ledger = $1 AND ($2::text IS NULL OR owner = $2) AND ($3::text IS NULL OR item = $3)
     UNION ${takenBackSince(choice, `'lading.units.held.v1', 'lading.swap.accepted.v1'`, '$4')}`,
    [choice.ledger, owner ?? null, item ?? null, choice.bounds.known],
  );
  const events = await choice.streams(rows.map(({ stream }) => stream));
  const lines = events.flatMap(({ type, data }) => {
    if (type === 'lading.units.held.v1') return data.lines;
    return type === 'lading.swap.accepted.v1' ? (data.holds ?? []) : [];
  });
  const own = lines.filter((line) => line.owner === (owner ?? line.owner) && line.item === (item ?? line.item));
  await chooseOrders(choice, [...new Set(own.map(({ order }) => order))], party, {});
  if (owner !== undefined) await addTotals(choice, 'owner', [owner]);
  else await addTotals(choice, 'item', item === undefined ? undefined : [item]);
};
