import { plural, units } from '../format.ts';
import type { Bundle } from './bundle.ts';
import type { Note } from './note.ts';

// What a bundle proves and what it does not, in words that need no knowledge of cryptography.

type Kind = Bundle['kind'];

const ofThese = (events: number): string => (events === 1 ? 'this event' : `each of these ${units(events)} events`);

/** In one part of a sentence. */
export const claimOf = (kind: Kind, events: number, ledger: string): string =>
  kind === 'whole'
    ? `${events === 1 ? 'this is the first event' : `these are the first ${units(events)} events`} of the ledger ${ledger}, none changed, added, left out or moved, as the key below signed for`
    : `${ofThese(events)} is in the ledger ${ledger}, at its place, as the key below signed for`;

/** Only when all checks held. */
export function bundleProves(kind: Kind, events: number, { checkpoint, signers, witnesses }: Note): string[] {
  const names = [...new Set(signers.map(({ name }) => name))].join(' and ');
  const vouched = `Whoever holds the key of ${names} vouched for them, and cannot deny it later.`;
  return [
    kind === 'whole'
      ? `That ${events === 1 ? 'event 1' : `events 1 to ${units(events)}`}, byte for byte and in this order, ${events === 1 ? 'is' : 'are'} what the ledger had when its checkpoint of ${plural(checkpoint.size, 'event')} was signed. ${vouched}`
      : `That ${ofThese(events)}, byte for byte, was at its place in the ledger when its checkpoint of ${plural(checkpoint.size, 'event')} was signed. ${vouched}`,
    'That nobody has changed them in this file since: with another byte, another order or another ledger a check fails.',
    ...witnesses.map(
      ({ witness, time }) =>
        `That the witness ${witness.name} saw this checkpoint at ${new Date(time * 1000).toISOString().replace('.000', '')}, by its own clock, and that it continued every checkpoint of this ledger that this witness had cosigned before.`,
    ),
  ];
}

export function bundleDoesNotProve(kind: Kind, covering: Note | undefined): string[] {
  return [
    kind === 'whole'
      ? 'What came after the last of these events, or that they are still the newest. A later event may have corrected or taken back one of them.'
      : 'That no other event is about the same. Only all events of the ledger could show that.',
    'That what they say is true. The ledger held them against its own rules, not against the world.',
    'When they happened. “Occurred” is what the submitters reported, “recorded” what the operator’s clock said.',
    'Whose key signed. Hold the verifier key against one that you had from the ledger’s keeper in another way.',
    ...(kind === 'whole'
      ? ['That the moves add up. This page does not add them up; “lading verify --file FILE” does.']
      : []),
    (covering?.witnesses.length ?? 0) === 0
      ? 'That everybody was shown the same ledger. No witness cosigned: whoever holds the key could keep a second ledger and sign that, too.'
      : 'That everybody was shown the same ledger, if the operator and these witnesses act together.',
  ];
}
