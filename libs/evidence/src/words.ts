import { counted } from '#proofs/text';
import { formatVerifierKey, isOf } from '#proofs/signedNote';
import type { Evidence, Outcome } from './check.ts';

// What a piece of evidence proves and what it does not, in words that need no knowledge of cryptography.

export const VERDICTS: Readonly<Record<Outcome, { readonly title: string; readonly text: string }>> = {
  held: {
    title: 'Verified',
    text: 'Every check held: the event is the one that the key below signed for. What that proves, and what it does not, is said below.',
  },
  broken: {
    title: 'NOT verified: this evidence is damaged or false',
    text: 'At least one check failed. Nothing in this file is proved; ask for the evidence again.',
  },
  unknown: {
    title: 'Cannot say',
    text: 'Nothing was found wrong, but not everything could be checked. Until it is, nothing is proved.',
  },
};

const timeOf = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000', '');

/** Only when all checks held. */
export function proves({ sequence = 0, checkpoint, signers, witnesses }: Evidence): string[] {
  const names = [...new Set(signers.map(({ name }) => name))].join(' and ');
  return [
    `That the event, byte for byte, was number ${sequence} of the ledger when the key of ${names} signed a checkpoint of the first ${counted(checkpoint?.size ?? 0, 'event')}. Whoever holds that key vouched for all of them, and cannot deny it later.`,
    'That nobody has changed it in this file since: with another byte, another place or another ledger a check fails.',
    ...witnesses.map(
      ({ witness, time }) =>
        `That the witness ${witness.name} saw this checkpoint at ${timeOf(time)}, by its own clock, and that it continued every checkpoint of this ledger that this witness had cosigned before.`,
    ),
  ];
}

export function doesNotProve({ witnesses, event }: Evidence): string[] {
  const { actor, source } = event?.attributes ?? {};
  const by = typeof actor === 'string' && typeof source === 'string' ? ` by the key “${actor}”, as ${source}` : '';
  return [
    `That what it says is true. It was submitted${by}; the ledger held it against its own rules, not against the world.`,
    'That it still stands. A later event may have corrected it or taken it back: whoever needs to know asks for the ledger’s later events.',
    'When it happened. “Occurred” is what the submitter reported, “recorded” what the operator’s clock said.',
    'Whose key signed. Hold the verifier key against one that you had from the ledger’s keeper in another way.',
    witnesses.length === 0
      ? 'That everybody was shown the same ledger. No witness cosigned: whoever holds the key could keep a second ledger and sign that, too. A checkpoint from an earlier day, or a witness, would show it.'
      : 'That everybody was shown the same ledger, if the operator and these witnesses act together.',
  ];
}

/** What the page cannot prove of itself. */
export const PAGE_ITSELF =
  'That this page is honest. Its checks are made by a program inside it, which whoever made the page could have replaced. If you do not trust them, check the file with a program of your own: “lading evidence FILE”, or, with the proof below, any for C2SP tlog-proof.';

/** Who signed, a line each. */
export function signedBy({ checkpoint, signers, witnesses }: Evidence): string[] {
  const known = [...signers, ...witnesses.map(({ witness }) => witness)];
  const lines = checkpoint?.note.signatures ?? [];
  const unknown = lines.filter((line) => !known.some((key) => isOf(line, key))).length;
  return [
    ...signers.map((key) => `${formatVerifierKey(key)} (as the ledger)`),
    ...witnesses.map(({ witness, time }) => `${formatVerifierKey(witness)} (as a witness, at ${timeOf(time)})`),
    ...(unknown > 0 ? [`${unknown} more, with keys that are not in this file: they were not checked.`] : []),
  ];
}
