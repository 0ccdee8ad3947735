import { createPool } from '#platform/database/database';
import { Journal } from '#journal/journal';
import type { JournalOptions } from '#journal/journalOptions';
import type { Submission } from '#journal/submission';

// A process with a journal of its own, for tests, started by `startWorker`. It takes calls over the IPC channel, many at once,
// and answers each of them when it is done.

type WireSubmission = Omit<Submission, 'hash'> & { readonly hash: string };
export interface Call {
  readonly call: number;
  readonly ledger: string;
  readonly atomic: boolean;
  readonly submissions: readonly WireSubmission[];
}
export type Reply = { readonly call: number } & ({ readonly outcome: unknown } | { readonly error: string });

const [url = '', options = '{}'] = process.argv.slice(2);
const journal = new Journal(createPool(url), JSON.parse(options) as Partial<JournalOptions>);

process.on('message', (message) => {
  const { call, ledger, atomic, submissions } = message as Call;
  const [first, ...rest] = submissions.map((wire): Submission => ({ ...wire, hash: Buffer.from(wire.hash, 'hex') }));
  if (first === undefined) throw new Error('nothing was submitted');
  const answer = atomic ? journal.submitAtomic(ledger, [first, ...rest]) : journal.submit(ledger, first);
  answer.then(
    (outcome) => process.send?.({ call, outcome }),
    (error: unknown) => process.send?.({ call, error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ call: 0, outcome: 'ready' });
