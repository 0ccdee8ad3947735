import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { lengthOf } from '#contracts/serials';
import { accountKey, isPartiesStage, keyAt } from '#ledger/account';
import { attribute, type Lots } from '#ledger/attribution';
import { Fold } from '#ledger/fold';
import { type Branch, Lineage } from '#ledger/lineage';
import { same } from './history.ts';
import { standingEvents } from './takenBack.ts';

/**
 * What must hold of lineage, over any history and any part of one: the branches of an account sum to its balance, each ends where the
 * units are, and of a whole history each begins in supply or with a count: what was taken back is on no way. Units with a serial number are those that the books have
 * there, and units tracked by quantity are the legs of swaps that the attribution says they are.
 */
export function isTraced(
  events: readonly LedgerEvent[],
  moment: { readonly at: string; readonly known: number },
): void {
  const whole = traced(events);
  for (const branch of whole.branches) same('the way of units begins', branch.begins, true, branch);
  const then = events.filter(({ time, sequence }) => time <= moment.at && sequence <= moment.known);
  traced(then);
  isAttributedAlike(standingEvents(events), whole.lineage);
}

const linesOf = (events: readonly LedgerEvent[]) => events.flatMap(movesOf);

function traced(events: readonly LedgerEvent[]) {
  const standing = standingEvents(events);
  const lineage = new Lineage(linesOf(standing));
  const fold = new Fold();
  for (const event of standing) lineage.apply(event);
  for (const event of events) fold.apply(event);
  const units = new Map<string, number>();
  for (const range of fold.units()) units.set(range.account, (units.get(range.account) ?? 0) + lengthOf(range));
  const all: Branch[] = [];
  for (const holding of fold.holdings()) {
    const account = accountKey(holding);
    const branches = lineage.branches(account);
    const total = branches.reduce((sum, { quantity }) => sum + quantity, 0);
    same('branches sum to the balance', total, holding.quantity, { holding, branches });
    if (!isPartiesStage(holding.stage)) continue;
    all.push(...branches);
    for (const { quantity, steps, units: named } of branches) {
      const moved = steps.filter(({ to }) => to !== undefined);
      const last = moved.at(-1);
      if (quantity > 0)
        same('units are where their way ends', last && keyAt({ ...holding, ...last }, last.to!), account);
      if (named !== undefined)
        same(
          'each number is one unit',
          named.reduce((sum, range) => sum + lengthOf(range), 0),
          quantity,
        );
      const sorted = steps.map(({ sequence }) => sequence);
      same(
        'steps are in order',
        sorted,
        sorted.toSorted((a, b) => a - b),
      );
    }
    const named = branches.flatMap((branch) => branch.units ?? []).reduce((sum, range) => sum + lengthOf(range), 0);
    same('units with a serial number', named, units.get(account) ?? 0, { holding, branches });
  }
  for (const { account, item, prefix, digits, from } of fold.units()) {
    const serial = digits === 0 ? prefix : prefix + String(from).padStart(digits, '0');
    same('a unit is where the books have it', lineage.unit(item, serial)?.account, account);
  }
  return { lineage, branches: all };
}

/** Of units without serial numbers: what is awaited of each swap, by both. */
function isAttributedAlike(events: readonly LedgerEvent[], lineage: Lineage): void {
  const serial = new Set(linesOf(events).flatMap(({ item, serials }) => (serials === undefined ? [] : [item])));
  const swaps = new Map(
    events.flatMap((event) => (event.type === 'lading.swap.executed.v1' ? [[event.sequence, event.data.swap]] : [])),
  );
  const lines = new Map(
    events.flatMap((event) =>
      event.type === 'lading.swap.executed.v1'
        ? event.data.legs.map(({ order, line, item }) => [`${order} ${line}`, { order, line, item }] as const)
        : [],
    ),
  );
  for (const { item, ...line } of lines.values()) {
    if (serial.has(item)) continue;
    let lots: Lots = {};
    for (const event of events) ({ lots } = attribute(lots, event, line));
    for (const [account, queue] of Object.entries(lots)) {
      if (account.includes('|lost|')) continue;
      const branches = lineage.branches(account);
      const ofLine = branches.map(({ quantity, steps }) => ({
        quantity,
        steps: steps.filter((step) => step.order === line.order && step.line === line.line),
      }));
      // What came back to this very line has two ways on it, and the steps of both are one list.
      if (ofLine.some(({ steps }) => steps.some(({ to }) => to?.stage === 'supply'))) continue;
      const awaited = tally(queue.map(({ leg, quantity }) => [leg?.swap ?? '', quantity]));
      const byWay = tally(ofLine.map(({ quantity, steps }) => [swapOf(steps), quantity]));
      same('lineage and attribution are of one mind', byWay, awaited, account);
    }
  }

  function swapOf(steps: Branch['steps']): string {
    const given = steps.findLast(({ from, to }) => from !== undefined && from.owner !== to?.owner);
    return swaps.get(given?.sequence ?? 0) ?? '';
  }
}

function tally(list: readonly (readonly [string, number])[]): [string, number][] {
  const sums = new Map<string, number>();
  for (const [key, quantity] of list) sums.set(key, (sums.get(key) ?? 0) + quantity);
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1));
}
