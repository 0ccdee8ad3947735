import type { Hint } from './feed.ts';
import type { LogExtent } from './kafkaLog.ts';

interface StartingPoint {
  /** The next offset to read. */
  readonly offset: bigint;
  /** For the log of errors: something happened to the partition that should not have. */
  readonly warnings: readonly string[];
}

/**
 * Where to go on in a partition. kafkajs would silently jump to another offset when the stored one is out of range (its
 * issues 1119 and 1777), and with a topic made again an old offset may even lie in range and skip what was never read. So a
 * hint counts only for the log that it was taken from; otherwise everything is read again, and what was applied is skipped.
 */
export function startingPoint({ partition, start, end, identity }: LogExtent, hints: readonly Hint[]): StartingPoint {
  const ours = hints.filter((hint) => hint.partition === partition);
  const usable = ours
    .filter(({ log, offset }) => log === identity && BigInt(offset) >= start && BigInt(offset) <= end)
    .map(({ offset }) => BigInt(offset));

  const warnings: string[] = [];
  if (start > 0n)
    warnings.push(
      `the broker has deleted the events before offset ${start} of partition ${partition}; ` +
        'what was not read yet can come only from the journal. The topic must have unlimited retention',
    );
  if (ours.length > 0 && usable.length === 0)
    warnings.push(
      `the log of partition ${partition} (offsets ${start} to ${end}) is not the one that was read up to offset ` +
        `${furthest(ours)}: the topic was created again or cut off. Reading it from its start; what is applied is skipped`,
    );
  const offset = usable.reduce((most, one) => (one > most ? one : most), start);
  return { offset, warnings };
}

const furthest = (hints: readonly Hint[]): bigint =>
  hints.map(({ offset }) => BigInt(offset)).reduce((most, one) => (one > most ? one : most), 0n);
