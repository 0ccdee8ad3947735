import { type Goods, type Holding, MAX_BALANCE, parseAccountKey } from './account.ts';
import { type Rejected, reject } from './decision.ts';
import type { LineHold, Prefix } from './entity.ts';

/** What narrows down which of a line's units are meant; what is left out may be anything. */
export interface UnitsFilter {
  readonly owner?: string | undefined;
  readonly custodian?: string | undefined;
  readonly stage?: Holding['stage'] | undefined;
  readonly shipment?: string | undefined;
}

export const unknownParty = (party: string, role: string): Rejected =>
  reject('unknown-party', `The ${role} ${party} is not registered in this ledger. Register the party first.`, {
    party,
    role,
  });

export const unknownItem = (item: string): Rejected =>
  reject('unknown-item', `The item ${item} is not registered in this ledger. Register it first.`, { item });

export const unknownOrder = (order: string, line?: string): Rejected =>
  reject('unknown-order', `There is no order ${order} in this ledger. Place it first, or correct its id.`, {
    order,
    line,
  });

export const unknownShipment = (shipment: string): Rejected =>
  reject('unknown-shipment', `There is no shipment ${shipment} in this ledger. Dispatch it first, or correct its id.`, {
    shipment,
  });

const unknownSwap = (swap: string): Rejected =>
  reject('unknown-swap', `There is no swap ${swap} in this ledger. Propose it first, or correct its id.`, { swap });

export const unknownHold = (hold: string): Rejected =>
  reject('unknown-hold', `There is no hold ${hold} in this ledger. Hold the units first, or correct its id.`, { hold });

/** What an event is about is not there. Returns and reallocations are events of their own: nothing names them later. */
export const unknownSubject: Readonly<Partial<Record<Prefix, (id: string) => Rejected>>> = {
  order: unknownOrder,
  shipment: unknownShipment,
  swap: unknownSwap,
  hold: unknownHold,
};

/** What an event begins is there already: how it came to be, and what to do. */
const begun: Readonly<Partial<Record<Prefix, readonly [what: string, then: string]>>> = {
  order: ['is placed already', 'Change its lines, or use another id.'],
  swap: ['was proposed already', 'Use another id for another one.'],
  reallocation: ['was made already', 'Use another id for another one.'],
  hold: ['is there already', 'Use another id for another one.'],
  return: ['was recorded already', 'Use another id for another return.'],
};

export function alreadyThere(kind: Prefix, id: string): Rejected {
  const [what, then] = begun[kind] ?? ['is there already', 'Use another id.'];
  const name = kind.charAt(0).toUpperCase() + kind.slice(1);
  return reject('already-exists', `${name} ${id} ${what}. ${then}`, { [kind]: id });
}

export const insufficient = (
  { order, line, item }: Goods,
  { owner, custodian, stage, shipment }: UnitsFilter,
  asked: number,
  available: number,
): Rejected =>
  reject(
    'insufficient-quantity',
    `Line ${line} of order ${order} has ${available} ${available === 1 ? 'unit' : 'units'}${owner === undefined ? '' : ` for ${owner}`}${placeIn({ custodian, stage, shipment })}, ${asked} asked for. Ask for no more than there are.`,
    { order, line, item, owner, custodian, stage, shipment, asked, available },
  );

/** Where units are asked for, in words: ` (held, with tesla)`. */
function placeIn({ custodian, stage, shipment }: UnitsFilter): string {
  const place = [
    stage?.replace('_', ' '),
    custodian && `with ${custodian}`,
    typeof shipment === 'string' && `on shipment ${shipment}`,
  ].filter(Boolean);
  return place.length === 0 ? '' : ` (${place.join(', ')})`;
}

/** An account takes no more. `available`: what it still takes, where that is told. */
export const overfull = ({ order, line }: Names, place: UnitsFilter, asked: number, available?: number): Rejected =>
  reject(
    'insufficient-quantity',
    `An account takes ${MAX_BALANCE} units at most, and one of line ${line} of order ${order} would have more${place.owner === undefined ? '' : ` (${[place.stage, place.owner].filter(Boolean).join(', ')})`}. Use another order.`,
    { order, line, ...place, asked, available, most: MAX_BALANCE },
  );

/** What is told of held units: of what holds them, each a swap or a hold, how many and until when. */
export interface HeldFacts extends Goods {
  readonly owner: string;
  readonly asked: number;
  readonly available: number;
  readonly held: readonly {
    readonly swap?: string;
    readonly hold?: string;
    readonly quantity: number;
    readonly until: string;
  }[];
}

/** Units are there, and held for others. */
export function heldFor(
  { order, line, item }: Goods,
  owner: string,
  asked: number,
  available: number,
  holds: readonly LineHold[],
): Rejected {
  const held = new Map<string, { quantity: number; until: string }>();
  for (const hold of holds) {
    const quantity = (held.get(hold.for)?.quantity ?? 0) + hold.quantity;
    held.set(hold.for, { quantity, until: hold.until });
  }
  const by = [...held].slice(0, 20).map(([name, one]) => {
    const slash = name.indexOf('/');
    return { [name.slice(0, slash)]: name.slice(slash + 1), ...one };
  });
  const facts: HeldFacts = { order, line, item, owner, asked, available, held: by };
  return reject('held-for', heldDetail(facts), { ...facts });
}

export function heldDetail({ order, line, owner, asked, available, held }: HeldFacts): string {
  const [first] = held;
  const { swap, hold, quantity = 0, until = '' } = first ?? {};
  const what = swap !== undefined ? `swap ${swap} holds` : hold !== undefined ? `hold ${hold} holds` : 'others hold';
  const more = held.length > 1 ? ', and others hold more' : '';
  return `${asked} units of line ${line} of order ${order} asked for, and ${available} of ${owner}'s there are not held: ${what} ${quantity} until ${until}${more}. Ask for no more than are free, or wait until what holds them is over.`;
}

type Names = Pick<Goods, 'order' | 'line'>;
/** Where units were looked for, whoever's they are. */
type Where = Omit<UnitsFilter, 'owner'>;

/** With `others`, there are more, and they are not named to whoever asks. */
const listed = (parties: readonly string[], others: boolean): string =>
  [...parties, ...(others ? ['others'] : [])].join(' and ');
const isOne = (parties: readonly string[], others: boolean): boolean => parties.length === 1 && !others;

export const notTheOwner = (
  { order, line }: Names,
  { custodian, stage, shipment }: Where,
  owner: string,
  owners: readonly string[],
  others = false,
): Rejected =>
  reject(
    'not-the-owner',
    `${owner} has no units of line ${line} of order ${order} there; ${listed(owners, others)} ${isOne(owners, others) ? 'has' : 'have'}. Name the owner as it is now.`,
    { order, line, owner, custodian, stage, shipment, owners },
  );

export const ambiguousOwner = (
  { order, line }: Names,
  { custodian, stage, shipment }: Where,
  owners: readonly string[],
  others = false,
): Rejected =>
  reject(
    'ambiguous-owner',
    owners.length === 0 && !others
      ? `By the books nobody has units of line ${line} of order ${order} there. Name the owner.`
      : `Units of line ${line} of order ${order} there belong to ${listed(owners, others)}. Name the owner.`,
    { order, line, custodian, stage, shipment, owners },
  );

/** The custodians of some holdings, each once, in the order of their ids. */
export const custodiansOf = (there: readonly Holding[]): string[] =>
  [...new Set(there.map(({ custodian }) => custodian))].sort();

export const notTheCustodian = (
  { order, line }: Names,
  custodian: string,
  custodians: readonly string[],
  others = false,
): Rejected =>
  reject(
    'not-the-custodian',
    `${custodian} does not have units of line ${line} of order ${order}; ${listed(custodians, others)} ${isOne(custodians, others) ? 'does' : 'do'}. Name the custodian that has them.`,
    { order, line, custodian, custodians },
  );

/** The units are elsewhere, all of them or (`serial`) the one that was named. */
export function wrongStage(
  { order, line }: Names,
  { owner, custodian, stage, shipment }: UnitsFilter,
  elsewhere: readonly Omit<Holding, keyof Goods>[],
  serial?: string,
): Rejected {
  const where = elsewhere.slice(0, 20).map((one) => ({
    owner: one.owner,
    custodian: one.custodian,
    stage: one.stage,
    ...((one.shipment ?? undefined) !== undefined && { shipment: one.shipment }),
    quantity: one.quantity,
  }));
  const stages = [...new Set(elsewhere.map((one) => one.stage))].join(', ');
  const asked = [stage, shipment === undefined ? undefined : `on shipment ${shipment}`].filter(Boolean).join(' ');
  return reject(
    'wrong-stage',
    `${serial === undefined ? 'Units' : `Unit ${serial}`} of line ${line} of order ${order} ${serial === undefined ? 'are' : 'is'} not there${asked === '' ? '' : ` (${asked})`} any more or yet: they are ${stages === '' ? 'elsewhere' : stages}. Name them where they are.`,
    { order, line, owner, custodian, stage, shipment, serial, elsewhere: where },
  );
}

export const wrongTracking = ({ order, line, item }: Goods): Rejected =>
  reject(
    'wrong-tracking',
    `${item} is tracked by quantity: its units have no serial numbers. Leave them out of line ${line} of order ${order}.`,
    { order, line, item, tracking: 'quantity' },
  );

export const serialCount = ({ order, line, item }: Goods, asked: number, named: number): Rejected =>
  reject(
    'serial-count',
    `${asked} units of line ${line} of order ${order} move, and ${named} different serial numbers are named. Name each unit once.`,
    { order, line, item, asked, named },
  );

/** Some units move, and nobody says which. */
export const unnamedUnits = ({ order, line, item }: Goods, asked: number): Rejected =>
  reject(
    'serial-count',
    `${item} is tracked by serial number, and ${asked} units of line ${line} of order ${order} move. Name their serial numbers.`,
    { order, line, item, asked, named: 0 },
  );

/** `where` is the key of the account that the unit is in; `others`, where that is not told. */
export const serialElsewhere = ({ order, line, item }: Goods, serial: string, where: string | undefined): Rejected => {
  const account = where === undefined || where === 'others' ? null : parseAccountKey(where);
  return reject(
    'serial-elsewhere',
    where === 'others'
      ? `${item} ${serial} is not there: by the books others have it, or another line of this event names it. Correct the number, or ask whoever keeps the ledger.`
      : account === null
        ? `${item} ${serial} is not among the units of line ${line} of order ${order} there: the units that are left have other serial numbers, or another line of this event names it.`
        : `${item} ${serial} is not there: by the books ${account.custodian} has it (${account.stage}, line ${account.line} of order ${account.order}, owner ${account.owner}), or another line of this event names it. What has left the parties' hands comes back by the order, dispatch, receipt or count that names it.`,
    { order, line, item, serial, account },
  );
};
