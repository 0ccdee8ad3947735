import { catalog, type Completed } from '#contracts/catalog';
import { PROBLEM_FIELDS, type Rejection } from '#contracts/rejections';
import { type Holding, isPartiesStage } from '#ledger/account';
import type { Command } from '#ledger/command';
import { foldHoldings } from '#ledger/fold';
import { toJson } from '#ledger/serialisable';
import { asNvidia, cast, type Told } from './facts.ts';
import { Sandbox } from '#ledger/sandbox';

/** Where every story begins, unless it says otherwise. */
const BEGIN = '2023-12-01T12:00:00Z';

/**
 * A ledger that things happened in. Whatever it takes is checked against the contract: the completed data parses, the
 * moves sum to zero by their shape, and a refusal leaves everything as it was.
 */
export class Story {
  readonly ledger = new Sandbox(asNvidia);
  now = new Date(BEGIN);
  /** Who tells it from here on. */
  source = asNvidia.source;

  /** Something happens that the ledger takes; what it keeps of it. It happened now, or is told late. */
  take(told: Told, time?: string): Completed {
    const decision = this.ledger.submit(this.#command(told, time), this.now);
    if (!decision.ok)
      throw new Error(`refused as ${decision.code}: ${decision.detail} ${JSON.stringify(decision.facts)}`);
    catalog[told.type].completed.parse(decision.data);
    return decision.data;
  }

  /** Somebody tries something that the ledger refuses; why. */
  refusal(told: Told, time?: string): Rejection {
    const before = this.#everything();
    const decision = this.ledger.submit(this.#command(told, time), this.now);
    if (decision.ok) throw new Error(`taken: ${JSON.stringify(decision.data)}`);
    if (this.#everything() !== before) throw new Error('a refusal changed something');
    if (decision.detail.length < 10) throw new Error('a refusal says what to do');
    const covered = PROBLEM_FIELDS.filter((field) => field in decision.facts);
    if (covered.length > 0) throw new Error(`a problem document has a ${covered.join(' and a ')} of its own`);
    const { code, detail, facts } = decision;
    return { code, detail, facts: JSON.parse(JSON.stringify(facts)) as Rejection['facts'] };
  }

  /** Time goes by. */
  until(moment: string): this {
    this.now = new Date(moment);
    return this;
  }

  /** What the parties have, `tesla@nvidia ordered PO-1/1: 100`, sorted. */
  units(order?: string): string[] {
    return this.accounts(order, ({ stage }) => isPartiesStage(stage));
  }

  /** Every account but supply that is not at zero. */
  books(order?: string): string[] {
    return this.accounts(order, ({ stage }) => stage !== 'supply');
  }

  accounts(order: string | undefined, which: (holding: Holding) => boolean): string[] {
    return foldHoldings(this.ledger.events)
      .filter((holding) => which(holding) && (order === undefined || holding.order === order))
      .map(say)
      .sort();
  }

  /** In which account a unit is. */
  unit(item: string, serial: string): string | undefined {
    const key = this.ledger.index.unit(item, serial);
    if (key === undefined) return undefined;
    const [owner, custodian, , order, line, stage, shipment] = key.split('|');
    return place({
      owner: owner!,
      custodian: custodian!,
      order: order!,
      line: line!,
      stage: stage!,
      shipment: shipment!,
    });
  }

  #command({ type, data }: Told, time = this.now.toISOString()): Command {
    return { source: this.source, type, data, time } as Command;
  }

  #everything(): string {
    return JSON.stringify([...this.ledger.entities].map(([key, entity]) => [key, toJson(entity)]));
  }
}

interface Said extends Omit<Holding, 'stage' | 'shipment' | 'item' | 'quantity'> {
  readonly stage: string;
  readonly shipment: string | null;
}

const place = ({ owner, custodian, stage, order, line, shipment }: Said): string =>
  `${owner}@${custodian} ${stage}${shipment ? ` ${shipment}` : ''} ${order}/${line}`;

const say = (holding: Holding): string => `${place(holding)}: ${holding.quantity}`;

/** A ledger with the whole cast, in which these things have happened. */
export function given(...facts: Told[]): Story {
  const story = new Story();
  for (const fact of [...cast, ...facts]) story.take(fact);
  return story;
}
