import { type Problem, problem } from '#contracts/problem';
import type { Refusal } from '../parseSubmission.ts';
import type { Outcome } from '#journal/submission';
import type { NotJson } from '#platform/http/strictJson';

/** An outcome that keeps nothing. */
export type Failure = Exclude<Outcome, { status: 'recorded' | 'replayed' }>;

/** The problem document of an outcome that keeps nothing: 409, 412 or 422. */
export function problemOf(failure: Failure, instance?: string): Problem {
  switch (failure.status) {
    case 'conflict':
      return problem(409, 'id-conflict', {
        detail: `another event with this source and id is in the ledger, at sequence ${failure.sequence}`,
        instance,
        facts: { sequence: failure.sequence },
      });
    case 'behind':
      return problem(412, 'stream-moved-on', {
        detail: `the stream of the event's subject is at ${failure.version}, not where If-Match says`,
        instance,
        facts: { version: failure.version },
      });
    case 'rejected': {
      const { code, detail, facts } = failure.rejection;
      return problem(422, code, { detail, instance, facts });
    }
  }
}

/** The problem document of something that is not an event, or not one that is taken here: 400 or 422. */
export const problemOfRefusal = ({ status, code, detail, errors, facts }: Refusal, instance?: string): Problem =>
  problem(status, code, { detail, instance, errors, facts });

/** The problem document of bytes that are not JSON: 400. */
export const problemOfBytes = ({ code, detail, errors }: NotJson, instance?: string): Problem =>
  problem(400, code, { detail, instance, errors });
