import { onNode } from '#proofs/onNode';
import { parseVerifierKey, type VerifierKey } from '#proofs/signedNote';
import { Malformed } from '#proofs/text';
import { UserError } from './exitCodes.ts';
import { setting } from './running.ts';

/** The verifier keys of a ledger that were given, as texts: with the option, or in the environment. */
export const keysGiven = ({ verifierKey }: { readonly verifierKey?: readonly string[] }): readonly string[] =>
  verifierKey ?? setting('LADING_VERIFIER_KEY')?.trim().split(/\s+/) ?? [];

/** @throws UserError for a text that is not a verifier key */
export const parseKeys = (texts: readonly string[]): Promise<VerifierKey[]> =>
  Promise.all(
    texts.map((text) =>
      parseVerifierKey(text, onNode).catch((error: unknown) => {
        if (!(error instanceof Malformed)) throw error;
        throw new UserError(`"${text}" is not a verifier key: ${error.message}.`);
      }),
    ),
  );
