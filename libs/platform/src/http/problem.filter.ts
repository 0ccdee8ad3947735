import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problem as problemDocument, type ProblemCode } from '#contracts/problem';
import { isHangUp, troubleOf } from '../database/trouble.ts';
import { DatabaseWatch } from '../watching/databaseWatch.ts';
import { ProblemError } from './problemError.ts';
import { TOO_LONG } from './badHttp.ts';
import { isComing, lingerOver } from './bodies.ts';

/** Answers any error of a request with a problem document (RFC 9457), and logs the errors that are faults of Lading. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('Problem');

  constructor(private readonly database: DatabaseWatch) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = toProblem(error);
    if (problem.status >= 500) {
      const { method, id } = request;
      const line = { request: id, method, path: pathOf(request.url) };
      if (problem.status === 500) this.#logger.error({ ...line, err: problem.cause ?? problem }, 'failed');
      // A trouble of the database is logged once, and not with every request that fails of it.
      else if (this.database.failed(problem.cause) !== undefined) this.#logger.debug(line, problem.detail);
      // So is a deliberate 503 (not ready, busy), which whoever asks gets again and again: what it is about is logged where it begins.
      else if (problem.cause === undefined) this.#logger.debug(line, problem.detail);
      else this.#logger.warn({ ...line, err: problem.cause }, problem.detail);
    }
    if (reply.raw.headersSent) {
      // Half of the answer was sent: breaking the connection is the only way left to tell the client that it failed.
      reply.raw.destroy();
      return;
    }
    sendProblem(request, reply, problem);
  }
}

const pathOf = (url: string): string => url.split('?', 1)[0] ?? url;

/** Sends the problem document of an error. The document of a 500 names the request, which the log names too. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: ProblemError): void {
  const { status, code, detail, errors, facts, headers } = problem;
  const instance = request.url.split('?', 1)[0];
  const named = status === 500 ? { request: request.id, ...facts } : facts;
  // Sent as bytes, because Fastify would add a charset to a text, and this media type has none.
  const bytes = Buffer.from(JSON.stringify(problemDocument(status, code, { detail, instance, errors, facts: named })));
  // What is not there yet may be there later, and a cache may keep a 404 that does not say so (RFC 9110, 15.1).
  void reply
    .code(status)
    .headers({ 'cache-control': 'no-store', ...headers })
    .type('application/problem+json');
  if (isLong(request)) sendWhileItComes(request, reply, bytes);
  else void reply.send(bytes);
}

/** Whether so much of the body is still to come that its sender should hear of the refusal before, and stop. */
const isLong = ({ raw }: FastifyRequest): boolean =>
  isComing(raw) && !(Number(raw.headers['content-length']) <= SHORT && raw.headers.expect === undefined);
/** A body that Node reads to its end, and throws away, so that the connection can be used again. */
const SHORT = 65_536;

/**
 * Answers while the body is still coming. Node would close the connection after the answer, and what the client sends meanwhile would
 * reset it, before the client has read why: so the answer is written, and ended only when nothing more comes.
 */
function sendWhileItComes(request: FastifyRequest, reply: FastifyReply, bytes: Buffer): void {
  const { raw } = reply;
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
  raw.writeHead(reply.statusCode, {
    'x-content-type-options': 'nosniff',
    'content-length': bytes.length,
    connection: 'close',
  });
  raw.write(bytes);
  // Who asked first whether to send a body does not send it now.
  if (request.headers.expect !== undefined) raw.end();
  else lingerOver(request.raw, () => raw.end());
}

const CODES: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  406: 'not-acceptable',
  408: 'request-timeout',
  413: 'too-large',
  414: 'too-large',
  415: 'unsupported-media-type',
  429: 'too-many-requests',
  503: 'unavailable',
};

const DETAILS: Readonly<Record<number, string>> = {
  413: 'the body is larger than this route takes',
  414: TOO_LONG,
  415: 'the body is of a content type that this route does not take, or of none',
  429: 'too many requests: wait as long as Retry-After says',
};

const BAD_PATH =
  'the path has a % without two hexadecimal digits after it, or what they stand for is not UTF-8: a % itself is %25';
const isBadPath = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'FST_ERR_BAD_URL';

/** The problem that answers an error. An unknown error becomes a 500 that reveals nothing about it. */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const status = statusOf(error);
  if (status !== undefined) {
    const code = CODES[status] ?? 'malformed';
    const headers: Record<string, string> = status === 503 ? { 'retry-after': '1' } : {};
    if (status === 401) headers['www-authenticate'] = 'Bearer';
    const detail = isBadPath(error) ? BAD_PATH : (DETAILS[status] ?? (error as Error).message);
    return new ProblemError(status, code, detail, { headers, cause: error });
  }
  if (isHangUp(error))
    return new ProblemError(400, 'malformed', 'the body ended before it was whole', { cause: error });
  const trouble = troubleOf(error);
  if (trouble !== undefined) {
    const { code, detail, retryAfter } = trouble;
    const headers = { 'retry-after': String(retryAfter) };
    return new ProblemError(503, code, `${detail}; try again in ${retryAfter} s`, { headers, cause: error });
  }
  return new ProblemError(500, 'internal', 'an internal error; it has been logged with the id of this request', {
    cause: error,
  });
}

/** The status of an error that the framework made about a request. Its 5xx count as unknown errors, except 503. */
function statusOf(error: unknown): number | undefined {
  const status =
    error instanceof HttpException
      ? error.getStatus()
      : error instanceof Error && error.name === 'FastifyError'
        ? (error as { statusCode?: number }).statusCode
        : undefined;
  return status !== undefined && status >= 400 && (status < 500 || status === 503) ? status : undefined;
}
