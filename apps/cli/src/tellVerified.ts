import type { Selection } from '#audit/selection';
import type { Verified, Verifier } from '#audit/verifier';
import { toBase64 } from '#proofs/text';
import { compareHoldings } from './compareHoldings.ts';
import type { ConnectionOptions } from './connection.ts';
import { exitCodes, UserError } from './exitCodes.ts';
import { counted, formatNumber } from './table.ts';
import { print, printJson } from './terminal.ts';

interface Telling extends ConnectionOptions {
  readonly ledger: string;
  readonly json?: boolean;
  /** The read models to compare with: an address, `http` or `database`. */
  readonly compare?: string;
}

/** Tells what was verified, and compares it with the read models where that is asked. @throws UserError when these say something else */
export async function tellVerified(options: Telling, verified: Verified, { size, balances }: Verifier): Promise<void> {
  const { ledger, json, compare } = options;
  const facts = factsOf(ledger, verified, balances.size);
  if (json !== true) tellFacts(facts, size);
  if (compare === undefined) {
    if (json === true) printJson(facts);
    return;
  }
  const found = await compareHoldings(compare, { ledger, size, balances }, options);
  if (json === true) printJson({ ...facts, compared: compare, ...(found && { outcome: 'differs', ...found }) });
  else if (found === undefined)
    print(`  compared   ${compare} has the same ${formatNumber(facts.accounts)} accounts as of event ${size}`);
  if (found === undefined) return;
  const { differs, endsAfter } = found;
  const begin = `The events are as they were signed, and the read models (${compare}) are not what they say`;
  throw new UserError(
    differs === undefined
      ? `${begin}. The ledger ends there after event ${endsAfter ?? 0}, and the ${size} that were verified go on after it: it has lost events, or was restored from an old backup ("lading status"), or it is another ledger.`
      : `${begin}. ${differs.what}: ${differs.answered} there, and ${differs.folded} by the moves of the first ${counted(size, 'event')}. "lading rebuild" makes the read models anew.`,
    exitCodes.broken,
  );
}

function factsOf(ledger: string, { checkpoint, agreed, ...others }: Verified, accounts: number) {
  const { uncovered, passedOver, repeated } = others;
  return {
    ...{ ledger, outcome: 'verified', size: checkpoint.size, root: toBase64(checkpoint.root) },
    signedBy: checkpoint.signedBy.map(({ name }) => name),
    cosignedBy: checkpoint.cosignedBy.map(({ name }) => name),
    ...{ checkpoints: agreed, passedOver, uncovered, repeated, accounts },
  };
}

function tellFacts(facts: ReturnType<typeof factsOf>, read: number): void {
  const { ledger, size, root, signedBy, cosignedBy, checkpoints, uncovered, passedOver } = facts;
  const first = size === 1 ? 'first event is the one' : `first ${counted(size, 'event')} are those`;
  print(`${ledger} is verified: its ${first} that ${signedBy.join(', ')} signed.`);
  print(`  root       ${root}`);
  print(
    `  held against ${counted(checkpoints, 'checkpoint')}${cosignedBy.length > 0 ? `; the newest is cosigned by ${cosignedBy.join(', ')}` : ''}`,
  );
  const those = size === 1 ? 'that' : 'those';
  const [were, them] = uncovered === 1 ? ['was', 'it'] : ['were', 'them'];
  const after = `${counted(uncovered, 'event')} ${were} read after ${those} (up to ${read})`;
  if (uncovered > 0) print(`  ${after}: no checkpoint covers ${them} yet`);
  const others = passedOver === 1 ? 'is signed by another key, and was' : 'are signed by other keys, and were';
  if (passedOver > 0) print(`  ${counted(passedOver, 'checkpoint')} ${others} passed over`);
}

export function tellSelected({ ledger, json }: Telling, { checkpoint, events }: Selection): void {
  const [root, signedBy] = [toBase64(checkpoint.root), checkpoint.signedBy.map(({ name }) => name)];
  if (json === true) printJson({ ledger, outcome: 'verified', events, size: checkpoint.size, root, signedBy });
  else
    print(
      `${counted(events, 'event')} ${events === 1 ? 'is verified: it' : 'are verified: each'} is in ledger ${ledger} as ${signedBy.join(', ')} signed it with ${counted(checkpoint.size, 'event')}. Whether others belong to ${events === 1 ? 'it' : 'them'} is not proved.`,
    );
}
