import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { rangeOf } from '#contracts/serials';
import { standingIn } from '#ledger/evolve';
import { LedgerState } from '../engine/ledgerState.ts';
import type { Model } from '../model.ts';
import { plannedOnce, type ReadModel } from '../reading/readModel.ts';
import { applyEvents, PREPARED_EVENTS } from '../readModels.ts';
import { schemaOfVersion } from '../versions/versions.ts';
import { Choice, type Chooses, MOST, TooMuchPast } from './choice.ts';
import type { PastEntity, Scratch } from './scratch.ts';

/** What is said once of a thing, and stays: each condition has its value as $4. */
export interface Fixed {
  readonly table: string;
  readonly id: string;
  /** The column of the event that said it. */
  readonly since: string;
  readonly conditions: readonly (readonly [condition: string, value: string | undefined])[];
}

/** What the answer to a question about one thing, or about a list of such things, stands on. */
export interface Kind {
  readonly choose: Chooses;
  /** What is worked out of it, as far as it is asked for. */
  readonly models: (party: string | undefined, asked: object) => ReadonlySet<Model>;
}

/** What chosen events come to, in the temporary tables of one connection. */
export class Fold {
  /** Events that were gone through so far; those with many moves count as several. */
  spent = 0;

  constructor(
    private readonly scratch: Scratch,
    /** What is asked about, and whose question it is, in the tables of the scratch. */
    private readonly asking: ReadModel,
  ) {}

  model(among?: readonly string[]): ReadModel {
    const { asking } = this;
    return { ...asking, sequence: asking.asOf.known, among };
  }

  /**
   * Which of some things may be what is asked for: all but those of which the tables of now, where they are of the same first event, say
   * that they never were. Undefined, where nothing is asked for that tells.
   */
  possibly(fixed: Fixed | undefined): ((some: readonly PastEntity[]) => Promise<string[]>) | undefined {
    const given = fixed?.conditions.filter(([, value]) => value !== undefined) ?? [];
    if (fixed === undefined || given.length === 0) return undefined;
    const { table, id, since } = fixed;
    return async (some) => {
      let left = some;
      for (const [condition, value] of given) {
        const { rows } = await this.asking.db.query<{ id: string }>(
          `SELECT of.id FROM unnest($2::text[], $3::bigint[]) AS of (id, since) WHERE NOT EXISTS (
             SELECT FROM ${schemaOfVersion(this.asking.version)}.${table} o
             WHERE o.ledger = $1 AND o.${id} = of.id AND o.${since} = of.since AND NOT (${condition}))`,
          [this.asking.ledger, left.map((one) => one.id), left.map((one) => one.since), value],
        );
        const kept = new Set(rows.map((row) => row.id));
        left = left.filter((one) => kept.has(one.id));
      }
      return left.map((one) => one.id);
    };
  }

  /**
   * The items whose units have serial numbers: those of which one had this number, if it is told; or may have had it, by an event that
   * was taken back since, of which the tables of now have nothing any more.
   */
  async serialItems(item: string | undefined, serial: string): Promise<string[]> {
    const { prefix, digits, from } = rangeOf(serial);
    const schema = schemaOfVersion(this.asking.version);
    const { rows } = await this.asking.db.query<{ item: string }>(
      `SELECT i.item FROM ${schema}.items i
       WHERE i.ledger = $1 AND i.tracking = 'serial' AND ($2::text IS NULL OR i.item = $2) AND ($3 = '' OR EXISTS (
         SELECT FROM (
           SELECT first FROM ${schema}.units
           WHERE ledger = $1 AND item = i.item AND prefix = $4 AND digits = $5 AND last >= $6 ORDER BY last LIMIT 1
         ) u WHERE u.first <= $6))
       UNION SELECT of.item FROM ${schema}.activity a CROSS JOIN LATERAL unnest(string_to_array(a.items, E'\\t')) AS of (item)
         LEFT JOIN ${schema}.items i ON i.ledger = $1 AND i.item = of.item
       WHERE a.ledger = $1 AND a.voided_by IS NOT NULL AND a.voided_by > $7::bigint AND a.sequence <= $7::bigint
         AND of.item <> '' AND ($2::text IS NULL OR of.item = $2) AND i.tracking IS DISTINCT FROM 'quantity'
       ORDER BY 1`,
      [this.asking.ledger, item ?? null, serial, prefix, digits, from, this.asking.asOf.known],
    );
    return rows.map((row) => row.item);
  }

  /** @param of whose events they are, for the sentence that refuses them: `order PO-1` */
  async of({ choose, models }: Kind, ids: readonly string[], of: string, asked: object): Promise<void> {
    const { party } = this.asking;
    await this.apply(models(party, asked), of, (choice) => choose(choice, ids, party, asked));
  }

  /** Folds the events that `choose` finds. */
  async apply(models: ReadonlySet<Model>, of: string, choose: (choice: Choice) => Promise<unknown>): Promise<void> {
    const { orders, events } = await this.chosen(of, choose);
    // What was taken back by then, and what took it back, come to nothing together.
    await this.add(models, standingIn(events), this.begin(orders));
  }

  /** The events that `choose` finds, and the orders of which moves are booked. */
  async chosen(
    of: string,
    choose: (choice: Choice) => Promise<unknown>,
  ): Promise<{ readonly orders: ReadonlySet<string>; readonly events: readonly LedgerEvent[] }> {
    const { ledger, asOf } = this.asking;
    const choice = new Choice(
      this.asking.db,
      schemaOfVersion(this.asking.version),
      ledger,
      asOf,
      this.scratch.events,
      of,
    );
    await choose(choice);
    return { orders: choice.orders, events: choice.chosen() };
  }

  /** What is booked, while the tables are empty. */
  begin(orders: ReadonlySet<string>): LedgerState {
    return new LedgerState(0, 0, { orders });
  }

  /** Folds events that come later than those that were folded with this state. */
  async add(models: ReadonlySet<Model>, events: readonly LedgerEvent[], state: LedgerState): Promise<void> {
    if (events.length === 0) return;
    const moves = events.reduce((sum, event) => sum + movesOf(event).length, 0);
    this.spent += Math.max(events.length, (moves * MOST.events) / MOST.moves);
    this.scratch.folded(this.asking.db, events.length);
    const { db, ledger } = this.asking;
    const few = events.length <= PREPARED_EVENTS;
    // Which tables they are of, does not depend on the version.
    if (few) plannedOnce(this.asking);
    await applyEvents(db, ledger, events, state, Infinity, { instead: models, ...(few && { plans: 'past' }) });
  }
}

/** Folds as many of the first of some things as stand on no more events than are gone through at once. */
export async function firstOf<T>(
  some: readonly T[],
  fold: (some: readonly T[]) => Promise<void>,
): Promise<readonly T[]> {
  for (let first = some; ; first = first.slice(0, Math.ceil(first.length / 4))) {
    try {
      await fold(first);
      return first;
    } catch (error) {
      if (!(error instanceof TooMuchPast) || first.length <= 1) throw error;
    }
  }
}
