import { ProblemError } from '#platform/http/problemError';

/**
 * The key of an `Idempotency-Key` header, bare or as a quoted string (draft-ietf-httpapi-idempotency-key-header): the id of
 * the event, in the source of the API key that sends it.
 * @throws ProblemError 400 when it is missing or no id
 */
export function readIdempotencyKey(header: string | string[] | undefined): string {
  if (header === undefined || header === '') {
    throw new ProblemError(
      400,
      'idempotency-key-missing',
      'send an Idempotency-Key, a new one for each thing that you do and the same one when you try it again, so that it is done once',
    );
  }
  const text = String(header).trim();
  const key = /^"(.*)"$/.exec(text)?.[1] ?? text;
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new ProblemError(400, 'malformed', 'an Idempotency-Key is 1 to 200 printable characters without blanks');
  }
  return key;
}
