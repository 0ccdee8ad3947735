import type { Facts } from '#contracts/rejections';
import { microseconds } from '#contracts/scalars';
import { type Rejected, reject } from './decision.ts';

/** An event, by when it occurred: the one that said a value last, or last moved the units that a value speaks of. */
export interface Occurrence {
  /** As submitted, RFC 3339. */
  readonly time: string;
  readonly sequence: number;
  readonly id: string;
}

/** Of two, the one that occurred later; of the same moment, the one that was recorded later. */
export const newest = (before: Occurrence | undefined, now: Occurrence): Occurrence =>
  before !== undefined && isLater(before, now.time) ? before : now;

/** Whether it occurred after a moment. Two events of one moment are in the order in which they were recorded. */
export const isLater = (occurrence: Occurrence, time: string): boolean =>
  microseconds(occurrence.time) > microseconds(time);

/** Values that an event sets, by their names, each with what said it last; undefined: the event leaves it out, or nothing has. */
type Values = Readonly<Record<string, Occurrence | undefined>>;

/**
 * Rejects an event that sets a value of which a later occurrence is known. A value that is set is as the newest occurrence says, in
 * whatever order they are reported: so sequence order and the order of occurrence agree, and any moment of the past has one answer.
 * @param of what the values are of, for the sentence: `line 1 of order PO-1`
 * @param instead what to send instead, besides the same with a later time
 */
export function overtaken(
  time: string,
  values: Values,
  { of, facts, instead }: { of: string; facts: Facts; instead: string },
): Rejected | undefined {
  const later = Object.entries(values).flatMap(([value, said]) =>
    said !== undefined && isLater(said, time) ? [{ value, ...said }] : [],
  );
  const [first, ...rest] = later;
  if (first === undefined) return undefined;
  const last = rest.reduce<Occurrence>((so, said) => newest(so, said), first);
  const names = later.map(({ value }) => value).join(' and ');
  return reject(
    'overtaken',
    `This happened at ${time}; the ledger knows a later event about the ${names} of ${of}: event ${last.sequence} of ${last.time}. ${instead}`,
    {
      ...facts,
      time,
      overtaken: later.map(({ value, sequence, id, time: occurred }) => ({ value, sequence, id, time: occurred })),
      notBefore: last.time,
    },
  );
}
