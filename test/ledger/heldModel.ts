import type { Told } from './facts.ts';

export type Data<T extends Told['type']> = Extract<Told, { type: T }>['data'];
export type LegNote = Data<'lading.swap.proposed.v1'>['legs'][number];

export interface Spot {
  owner: string;
  custodian: string;
  stage: string;
  shipment: string;
}

/** Units that are held, for a swap or for a hold of its own: what they are, and until when. */
export interface HoldNote {
  for: string;
  owner: string;
  order: string;
  line: string;
  quantity: number;
  where: Partial<Spot>;
  numbers: string[] | undefined;
  until: number;
}

/** A hold of its own. */
export interface KeptNote {
  readonly owner: string;
  readonly until: number;
  over: boolean;
}

/** What a hold keeps, as if its owner gave it to itself. */
export const legsOf = ({ owner, lines }: Data<'lading.units.held.v1'>): LegNote[] =>
  lines.map((line) => ({ ...line, from: owner, to: owner }));

/** Why nothing is kept by it, for this owner. */
export function whyNotKept(kept: KeptNote | undefined, now: Date, owner = kept?.owner): string | undefined {
  if (kept === undefined) return 'there is none';
  if (kept.over || kept.until <= now.getTime()) return 'it is over';
  return kept.owner === owner ? undefined : 'it is of another one';
}

/** What does not stand in the way of what it is for. */
export function ownHold(told: Told): string | undefined {
  if (told.type === 'lading.swap.executed.v1') return `swap ${told.data.swap}`;
  const hold = told.type === 'lading.reallocation.made.v1' ? told.data.hold : undefined;
  return hold && `hold ${hold}`;
}
