import { microseconds } from '#contracts/scalars';
import { book } from '../booking/book.ts';
import { take, type Want } from '../booking/take.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type OrRejected, type Rejected, reject } from '../decision.ts';
import type { Hold } from '../entity.ts';
import { withLines } from '../order/line.ts';
import { knownEntity, type View } from '../view.ts';

/** Keeps units of one owner for a purpose, until a moment. Units that are not there, or held for something else, cannot be held. */
export const holdUnits: Rule<'lading.units.held.v1'> = (data, { view, now, lines }) => {
  const { hold, owner } = data;
  // As every language reads it: RFC 3339 takes t and z, and Go's and Python's own readers refuse them.
  const until = data.until.toUpperCase();
  if (isOver(until, now)) {
    return reject(
      'nothing-to-do',
      `It is ${now.toISOString()} now, and hold ${hold} would be until ${until}. Name a later moment.`,
      { hold, until, now: now.toISOString() },
    );
  }
  const wants = withLines(data.lines, lines).map(
    ({ asked: { quantity, serials, shipment, custodian, stage }, line }): Want => ({
      line,
      owner,
      to: owner,
      quantity,
      serials,
      where: { shipment, custodian, stage },
    }),
  );
  const refused = whyNotReserved(view, wants, now);
  if (refused !== undefined) return refused;
  const held = withLines(data.lines, lines).map(({ asked, line: { goods } }) => ({
    owner,
    item: goods.item,
    ...asked,
  }));
  return accept<'lading.units.held.v1'>({ ...data, until, lines: held });
};

/** Ends a hold, all of it, before its time. */
export const releaseUnits: Rule<'lading.units.released.v1'> = (data, { view, now }) => {
  const hold = openHold(view, data.hold, now);
  if (isRejected(hold)) return hold;
  return accept<'lading.units.released.v1'>({ ...data, owner: hold.owner, released: [...hold.orders] });
};

/** The hold, while it holds anything; else `hold-not-open`. */
export function openHold(view: View, id: string, now: Date): OrRejected<Hold> {
  const hold = knownEntity(view, 'hold', id);
  const { status, until } = hold;
  if (status === 'open' && !isOver(until, now)) return hold;
  const [how, what] = status === 'open' ? ['expired', `was until ${until}`] : [status, 'was released'];
  return reject(
    'hold-not-open',
    `Hold ${id} ${what}: it holds nothing any more. Leave it out, or hold the units again.`,
    {
      hold: id,
      state: how,
      until,
    },
  );
}

/** Why these units cannot be kept where they are: they are not there, or held for others. */
export function whyNotReserved(view: View, wants: readonly Want[], now: Date): Rejected | undefined {
  const judged = { now, reserves: true } as const;
  const draws = take(view, wants, judged);
  if (isRejected(draws)) return draws;
  const moves = book(view, draws.flat(), judged);
  return isRejected(moves) ? moves : undefined;
}

const isOver = (until: string, now: Date): boolean => now.getTime() * 1000 >= microseconds(until);
