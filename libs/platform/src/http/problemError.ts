import type { Facts } from '#contracts/rejections';
import type { FieldError, ProblemCode } from '#contracts/problem';

/**
 * Why a request, or one event of it, is refused: all that its problem document is written from. Whoever refuses makes this
 * value, and it is carried unchanged to the writer of the document.
 */
export interface Refusal extends Omit<ProblemErrorParts, 'cause'> {
  readonly status: number;
  readonly code: ProblemCode;
  /** A sentence for people: what is wrong, and what to do about it. */
  readonly detail: string;
}

interface ProblemErrorParts {
  readonly errors?: readonly FieldError[] | undefined;
  /** Spread into the document, to act on. */
  readonly facts?: Facts | undefined;
  /** Sent with it: `Retry-After`, `WWW-Authenticate`, `Allow`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly cause?: unknown;
}

/** An error that a handler throws to answer with the problem document that it describes. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly errors: readonly FieldError[] | undefined;
  readonly facts: Facts | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly status: number,
    readonly code: ProblemCode,
    /** A sentence for people: what is wrong, and what to do about it. */
    readonly detail: string,
    { errors, facts, headers = {}, cause }: ProblemErrorParts = {},
  ) {
    super(detail, cause === undefined ? undefined : { cause });
    this.errors = errors;
    this.facts = facts;
    this.headers = headers;
  }
}

/** A refusal that is the answer to the whole request: throw it. */
export const errorOf = (refusal: Refusal): ProblemError =>
  new ProblemError(refusal.status, refusal.code, refusal.detail, refusal);

/** A 503: nothing is known to have happened, so the client should ask again after `seconds`, a whole number of at least 1. */
export function unavailable(
  detail: string,
  { seconds = 1, cause }: { seconds?: number; cause?: unknown } = {},
): ProblemError {
  return new ProblemError(503, 'unavailable', detail, {
    headers: { 'retry-after': String(Math.max(1, Math.ceil(seconds))) },
    cause,
  });
}
