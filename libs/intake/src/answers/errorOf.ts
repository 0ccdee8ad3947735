import type { Problem, ProblemCode } from '#contracts/problem';
import { ProblemError } from '#platform/http/problemError';
import { problemOfFailure } from './problemOfFailure.ts';

/** A problem that is the answer to the whole request: throw it. */
export function errorOf({
  type: _,
  title: __,
  status,
  code,
  detail,
  instance: ___,
  errors,
  ...facts
}: Problem): ProblemError {
  return new ProblemError(status, code as ProblemCode, detail, { errors, facts, headers: headersOf(status, facts) });
}

/** What the journal threw, as the answer to the whole request. An error of ours stays as it is. */
export function errorOfFailure(failure: unknown): unknown {
  const problem = problemOfFailure(failure);
  return problem === undefined ? failure : errorOf(problem);
}

function headersOf(status: number, facts: Record<string, unknown>): Record<string, string> {
  if (status === 412) return { etag: `"${String(facts.version)}"` };
  return typeof facts.retryAfter === 'number'
    ? { 'retry-after': String(Math.max(1, Math.ceil(facts.retryAfter))) }
    : {};
}
