import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest, FastifyServerOptions } from 'fastify';
import type { Logger } from 'pino';
import { problem } from '#contracts/problem';
import { parseJson } from './strictJson.ts';
import type { ProblemError } from './problemError.ts';
import { authenticate } from '../keys/apiKey.guard.ts';
import type { Keyring } from '../keys/keyring.ts';
import { httpRequestSeconds } from '../watching/metrics.ts';
import type { Drain } from './drain.ts';
import { sendProblem, toProblem } from './problem.filter.ts';

/** A body of one event, or of a plain route: an event is 65,535 bytes at most, and may be written generously. */
export const MAX_BODY_BYTES = 1_048_576;

/**
 * Fastify that takes JSON, read strictly, and no other content type until somebody adds one. Whatever fails before a route is
 * found is a problem document, too.
 */
export function createAdapter(): FastifyAdapter {
  const started = randomBytes(4).toString('hex');
  let requests = 0;
  const options: FastifyServerOptions = {
    bodyLimit: MAX_BODY_BYTES,
    // Streams of events never end by themselves. What can end was given the time to: see Drain.
    forceCloseConnections: true,
    genReqId: () => `${started}-${(++requests).toString(36)}`,
    routerOptions: { maxParamLength: 1_000 },
    frameworkErrors: (error, request, reply) => {
      sendProblem(request, reply, toProblem(error));
    },
    clientErrorHandler: refuseBadHttp,
  };
  const adapter = new FastifyAdapter(options);
  const fastify = adapter.getInstance();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    try {
      done(null, parseJson(body));
    } catch (error) {
      done(error as ProblemError);
    }
  });
  return adapter;
}

/** What is no HTTP has no request to answer: the answer is written to the socket. */
function refuseBadHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason, detail] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ([431, 'Request Header Fields Too Large', 'the headers are too large'] as const)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ([408, 'Request Timeout', 'the request took too long to arrive'] as const)
        : ([400, 'Bad Request', 'this is not HTTP'] as const);
  const body = JSON.stringify(problem(status, status === 431 ? 'too-large' : 'malformed', { detail }));
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** What happens to every request around its route. */
export function addRequestHooks(
  fastify: FastifyInstance,
  { keyring, drain, logger }: { keyring: Keyring; drain: Drain; logger: Logger },
): void {
  fastify.addHook('onRequest', (_request, reply, done) => {
    drain.begin();
    // `close` comes once for every request, also for one whose client hung up.
    reply.raw.once('close', () => {
      drain.end();
    });
    if (drain.draining) void reply.header('connection', 'close');
    done();
  });

  // Before the body is read, so that nobody without a key can make us read one. What the key may do is the guard's matter.
  fastify.addHook('onRequest', async (request) => {
    if (!request.is404 && mayHaveBody(request)) await authenticate(keyring, request);
  });

  fastify.addHook('onSend', (_request, reply, payload, done) => {
    void reply.header('x-content-type-options', 'nosniff');
    if (String(reply.getHeader('content-type')).startsWith('text/html')) {
      for (const [name, value] of Object.entries(PAGE_HEADERS))
        if (!reply.hasHeader(name)) void reply.header(name, value);
    }
    done(null, payload);
  });

  fastify.addHook('onResponse', (request, reply, done) => {
    const seconds = reply.elapsedTime / 1000;
    const { method } = request;
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    const status = reply.statusCode;
    // How long somebody listens to a stream says nothing about us.
    if (!String(reply.getHeader('content-type')).startsWith('text/event-stream')) {
      httpRequestSeconds.observe({ method, route, status }, seconds);
    }
    logger.debug({ request: request.id, method, route, status, seconds }, 'answered');
    done();
  });
}

const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
};

function mayHaveBody({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS';
}
