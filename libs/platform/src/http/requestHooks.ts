import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { authenticate } from '../keys/authenticate.ts';
import type { Drain } from './drain.ts';
import type { Keyring } from '../keys/keyring.ts';
import { httpRequestSeconds } from '../watching/metrics.ts';

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
