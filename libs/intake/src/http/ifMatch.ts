import { ProblemError } from '#platform/http/problemError';

/**
 * The version of an `If-Match` header: one strong entity tag that holds a sequence, as a GET gives it in `ETag`.
 * @throws ProblemError 400 for anything else: a precondition that is not understood must not be passed over
 */
export function readIfMatch(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const version = /^\s*"(0|[1-9]\d{0,14})"\s*$/.exec(header)?.[1];
  if (version === undefined) {
    throw new ProblemError(
      400,
      'malformed',
      'If-Match takes one entity tag with a sequence, like "17", as the ETag of a GET gives it',
    );
  }
  return Number(version);
}

/** @throws ProblemError 400: a precondition holds for a single event only */
export function refuseIfMatch(header: string | undefined): void {
  if (header !== undefined)
    throw new ProblemError(
      400,
      'malformed',
      'If-Match is for single events: a batch or a stream has no one stream to match',
    );
}
