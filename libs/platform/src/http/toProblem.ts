import { HttpException } from '@nestjs/common';
import type { ProblemCode } from '#contracts/problem';
import { isDatabaseUnavailable } from '../database/isDatabaseUnavailable.ts';
import { ProblemError, unavailable } from './problemError.ts';

const CODES: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  413: 'too-large',
  414: 'too-large',
  415: 'unsupported-media-type',
  429: 'too-many-requests',
  503: 'unavailable',
};

const DETAILS: Readonly<Record<number, string>> = {
  413: 'the body is larger than this route takes',
  415: 'the body is of a content type that this route does not take, or of none',
  429: 'too many requests: wait as long as Retry-After says',
};

/** The answer to whatever was thrown. What is nobody's to know becomes a 500 that says nothing. */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const status = statusOf(error);
  if (status !== undefined) {
    const code = CODES[status] ?? 'malformed';
    const headers: Record<string, string> = status === 503 ? { 'retry-after': '1' } : {};
    if (status === 401) headers['www-authenticate'] = 'Bearer';
    return new ProblemError(status, code, DETAILS[status] ?? (error as Error).message, { headers, cause: error });
  }
  if (isDatabaseUnavailable(error)) return unavailable('the database does not answer; try again', { cause: error });
  return new ProblemError(500, 'internal', 'this went wrong here, not with you; it is logged under the request', {
    cause: error,
  });
}

/** Of errors that the framework made about a request; its 5xx are as unknown as any other error. */
function statusOf(error: unknown): number | undefined {
  const status =
    error instanceof HttpException
      ? error.getStatus()
      : error instanceof Error && error.name === 'FastifyError'
        ? (error as { statusCode?: number }).statusCode
        : undefined;
  return status !== undefined && status >= 400 && (status < 500 || status === 503) ? status : undefined;
}
