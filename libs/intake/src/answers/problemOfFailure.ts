import { type Problem, problem } from '#contracts/problem';
import { JournalUnavailable } from '#journal/journalUnavailable';
import { UnknownLedger } from '#journal/unknownLedger';

/** The problem document of what the journal throws: 404 or 503; undefined for an error of ours. */
export function problemOfFailure(error: unknown, instance?: string): Problem | undefined {
  if (error instanceof UnknownLedger) return unknownLedger(error.ledger, instance);
  if (!(error instanceof JournalUnavailable)) return undefined;
  const again = `try again in ${error.retryAfter} s: the same id is taken once, however often it is sent`;
  return problem(503, 'unavailable', {
    detail:
      error.reason === 'busy'
        ? `too many events are waiting for this ledger; ${again}`
        : `the journal cannot be reached; ${again}`,
    instance,
    facts: { retryAfter: error.retryAfter },
  });
}

export const unknownLedger = (ledger: string, instance?: string): Problem =>
  problem(404, 'unknown-ledger', { detail: `there is no ledger ${ledger}`, instance, facts: { ledger } });
