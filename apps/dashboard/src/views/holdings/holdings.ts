import type { HoldingGroupRow, PartyRow } from '#contracts/rows';

/** What the first page counts, from the rows of one answer: its table and its flow show the same numbers, because they are these. */

export const stages = ['ordered', 'in_transit', 'held', 'damaged'] as const;
export type Stage = (typeof stages)[number];

/** What a stage is called where people read. */
export const stageName: Readonly<Record<Stage, string>> = {
  ordered: 'Promised',
  in_transit: 'In transit',
  held: 'Held',
  damaged: 'Damaged',
};

/** Units of one item, of one owner, in the hands of one custodian, in one stage. */
export interface Holding {
  readonly owner: string;
  readonly custodian: string;
  readonly item: string;
  readonly stage: Stage;
  readonly quantity: number;
}

/** A line of the table. */
export interface PartyLine extends Readonly<Record<Stage, number>> {
  readonly party: string;
  readonly name: string;
  readonly item: string;
  readonly total: number;
  /** What others owe it under swaps. */
  readonly isOwed: number;
  readonly owes: number;
}

export function holdingsOf(rows: readonly HoldingGroupRow[]): Holding[] {
  return rows.flatMap(({ owner, custodian, item, stage, quantity }) =>
    owner === undefined || custodian === undefined || item === undefined || !isStage(stage)
      ? []
      : [{ owner, custodian, item, stage, quantity }],
  );
}

export const isStage = (stage: string | undefined): stage is Stage => stages.some((name) => name === stage);

/** Each party and item a line: those with most units first. A party that holds nothing and owes something has a line, too. */
export function linesOf(holdings: readonly Holding[], parties: readonly PartyRow[]): PartyLine[] {
  const names = new Map(parties.map(({ party, name }) => [party, name]));
  const lines = new Map<string, { -readonly [K in keyof PartyLine]: PartyLine[K] }>();
  const line = (party: string, item: string) => {
    const key = JSON.stringify([party, item]);
    const found = lines.get(key) ?? {
      ...{ party, name: names.get(party) ?? party, item, total: 0, isOwed: 0, owes: 0 },
      ...{ ordered: 0, in_transit: 0, held: 0, damaged: 0 },
    };
    lines.set(key, found);
    return found;
  };
  for (const { owner, item, stage, quantity } of holdings) {
    const found = line(owner, item);
    found[stage] += quantity;
    found.total += quantity;
  }
  for (const { party, balances } of parties) {
    for (const { item, units } of balances) {
      if (units > 0) line(party, item).isOwed += units;
      if (units < 0) line(party, item).owes -= units;
    }
  }
  return [...lines.values()].sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1));
}

/** A place in the flow: who has the units in hand, in which stage they are, whose they are. */
export interface FlowNode {
  readonly id: string;
  readonly column: 0 | 1 | 2;
  readonly name: string;
}
export interface FlowLink {
  readonly source: string;
  readonly target: string;
  readonly stage: Stage;
  readonly value: number;
  /** Which holdings it is, to ask what is behind it. */
  readonly of: Readonly<Record<string, string>>;
}

/** From who has the units, through where they are, to whose they are. */
export function flowOf(holdings: readonly Holding[]): { nodes: FlowNode[]; links: FlowLink[] } {
  const nodes = new Map<string, FlowNode>();
  const links = new Map<string, FlowLink>();
  const add = (link: Omit<FlowLink, 'value'>, value: number) => {
    const key = JSON.stringify([link.source, link.target]);
    links.set(key, { ...link, value: (links.get(key)?.value ?? 0) + value });
  };
  for (const { owner, custodian, stage, quantity } of holdings) {
    // A balance of the past may be below zero, which no band can show: the table has it.
    if (quantity <= 0) continue;
    const [from, through, to] = [`custodian ${custodian}`, `stage ${stage}`, `owner ${owner}`];
    nodes.set(from, { id: from, column: 0, name: custodian });
    nodes.set(through, { id: through, column: 1, name: stageName[stage] });
    nodes.set(to, { id: to, column: 2, name: owner });
    add({ source: from, target: through, stage, of: { custodian, stage } }, quantity);
    add({ source: through, target: to, stage, of: { owner, stage } }, quantity);
  }
  return { nodes: [...nodes.values()], links: [...links.values()] };
}

/** Who may have had some: those who have most, and then every customer. In the order of their names, which does not change while others do. */
export function mayHaveHad(
  lines: readonly { readonly party: string; readonly total: number }[],
  parties: readonly { readonly party: string; readonly roles: readonly string[] }[],
  most: number,
): string[] {
  const totals = new Map<string, number>();
  for (const { party, total } of lines) totals.set(party, (totals.get(party) ?? 0) + total);
  const owners = [...totals].sort(([, one], [, other]) => other - one).map(([party]) => party);
  const customers = parties.filter(({ roles }) => roles.includes('customer')).map(({ party }) => party);
  return [...new Set([...owners, ...customers])].slice(0, most).sort();
}
