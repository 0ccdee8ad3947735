import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { attribute, type Attribution, isPending, type Lots, startLots } from '#ledger/attribution';
import { parseAccountKey } from '#ledger/account';
import { Fold } from '#ledger/fold';
import { same } from './history.ts';

/**
 * What must hold of the attribution of swap legs, over any history: no unit of a leg is counted twice or forgotten, and a
 * reader that keeps lots only while a leg is pending comes to the same as one that keeps them from the beginning.
 */
export function isAttributed(events: readonly LedgerEvent[]): void {
  const swaps = events.filter((event) => event.type === 'lading.swap.executed.v1');
  const lines = new Map(
    swaps.flatMap(({ data }) => data.legs.map(({ order, line }) => [`${order} ${line}`, { order, line }])),
  );
  const open = new Map<string, number>(
    swaps.flatMap(({ data: { swap, legs } }) => legs.map(({ quantity }, leg) => [`${swap} ${leg}`, quantity] as const)),
  );
  for (const goods of lines.values()) {
    const eager = readEagerly(events, goods);
    same('lots that are kept only while needed', readLazily(events, goods), eager.settled);
    for (const { swap, leg, quantity } of eager.settled)
      open.set(`${swap} ${leg}`, open.get(`${swap} ${leg}`)! - quantity);
    for (const [account, lots] of Object.entries(eager.lots)) {
      // Lost units are settled as lost already; they are in lots because they may turn up.
      if (parseAccountKey(account).stage === 'lost') continue;
      for (const lot of lots) {
        const key = lot.leg && `${lot.leg.swap} ${lot.leg.leg}`;
        if (key !== undefined) open.set(key, open.get(key)! - lot.quantity);
      }
    }
  }
  same(
    'every unit of every leg is received, gone or pending',
    [...open].filter(([, left]) => left !== 0),
    [],
  );
}

type Line = Parameters<typeof attribute>[2];
type Settled = (Attribution['received'] | Attribution['gone'])[number];

function readEagerly(events: readonly LedgerEvent[], line: Line): { lots: Lots; settled: Settled[] } {
  let lots: Lots = {};
  const settled = events.flatMap((event) => {
    const done = attribute(lots, event, line);
    lots = done.lots;
    return [...done.received, ...done.gone];
  });
  return { lots, settled };
}

function readLazily(events: readonly LedgerEvent[], { order, line }: Line): Settled[] {
  const fold = new Fold();
  let lots: Lots | undefined;
  return events.flatMap((event) => {
    const isOurs = movesOf(event).some((move) => move.order === order && move.line === line);
    if (isOurs && lots === undefined && event.type === 'lading.swap.executed.v1') {
      lots = startLots(fold.holdings().filter((holding) => holding.order === order && holding.line === line));
    }
    fold.apply(event);
    if (lots === undefined || !isOurs) return [];
    const done = attribute(JSON.parse(JSON.stringify(lots)) as Lots, event, { order, line });
    lots = isPending(done.lots) ? done.lots : undefined;
    return [...done.received, ...done.gone];
  });
}
