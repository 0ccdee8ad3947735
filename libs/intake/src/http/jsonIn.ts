import { type NotJson, readJson, readText } from '#platform/http/strictJson';
import { ProblemError } from '#platform/http/problemError';

/**
 * The JSON value in a body.
 * @throws ProblemError 400 `not-json` or `malformed`
 */
export function jsonIn(body: Buffer): unknown {
  const text = readText(body);
  const read = text.ok ? readJson(text.value) : text;
  if (!read.ok) throw asError(read);
  return read.value;
}

export const asError = ({ code, detail, errors }: NotJson): ProblemError =>
  new ProblemError(400, code, detail, { errors });
