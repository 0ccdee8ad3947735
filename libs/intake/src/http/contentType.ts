import type { FastifyRequest } from 'fastify';
import { ProblemError } from '#platform/http/problemError';

/**
 * The media type of a request's body, in lower case, without its parameters; undefined when there is neither body nor type.
 * @throws ProblemError 415 when it is none of `accepted`, is not in UTF-8, or is compressed
 */
export function contentType<T extends string>({ headers }: FastifyRequest, accepted: readonly T[]): T | undefined {
  const header = headers['content-type'];
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw unsupported(`a body in ${encoding}`, accepted, { 'accept-encoding': 'identity' });
  if (header === undefined) {
    if (headers['content-length'] === '0' || (headers['content-length'] ?? headers['transfer-encoding']) === undefined)
      return undefined;
    throw unsupported('a body without a Content-Type', accepted);
  }
  const [type = '', ...parameters] = header.toLowerCase().split(';');
  const media = accepted.find((one) => one === type.trim());
  if (media === undefined) throw unsupported(`a body of the type ${header}`, accepted);
  const charset = parameters.find((parameter) => parameter.trim().startsWith('charset='));
  if (charset !== undefined && !/=\s*"?utf-?8"?\s*$/.test(charset))
    throw unsupported(`a body in another charset than UTF-8`, accepted);
  return media;
}

/** With the types that would have been taken in `Accept`, as RFC 9110 §15.5.16 has it. */
export function unsupported(
  what: string,
  accepted: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): ProblemError {
  return new ProblemError(
    415,
    'unsupported-media-type',
    `${what} is not taken here: send ${accepted.join(', ')}, in UTF-8`,
    {
      facts: { accepted },
      headers: { accept: accepted.join(', '), ...headers },
    },
  );
}
