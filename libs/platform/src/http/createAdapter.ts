import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyHttpOptions, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { problem } from '#contracts/problem';
import { parseJson } from './strictJson.ts';
import { SHARED } from './readyMade.ts';
import { actorOf } from '../keys/actor.ts';
import { ProblemError } from './problemError.ts';
import { preferred } from './accept.ts';
import { MAX_URL, refuseBadHttp, refuseWhatIsNoRequest, TOO_LONG } from './badHttp.ts';
import { Methods } from './methods.ts';
import { authenticate } from '../keys/apiKey.guard.ts';
import type { Keyring } from '../keys/keyring.ts';
import { FAST, histogram } from '../watching/metrics.ts';
import { type AnswerLimits, answerLimits, type Drain, giveUpUnread, UnreadAnswers, untilOver } from './drain.ts';
import { sendProblem, toProblem } from './problem.filter.ts';

/** The limit of a body that holds one event: an event has at most 65,535 bytes, and a submitter may write it with white space. */
export const MAX_BODY_BYTES = 1_048_576;

/**
 * Makes Fastify accept JSON, read strictly, and no other content type until somebody adds one. An error before a route is found is
 * answered with a problem document, too.
 */
export function createAdapter(): FastifyAdapter {
  const started = randomBytes(4).toString('hex');
  let requests = 0;
  const options: FastifyHttpOptions<Server> = {
    bodyLimit: MAX_BODY_BYTES,
    // Node would answer a request without a Host itself, without a body. A hook refuses it, and one with two.
    http: { requireHostHeader: false },
    // Streams of events never end by themselves. Drain has given every other answer the time to end.
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
  refuseWhatIsNoRequest(fastify.server);
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

/** The label is the template of the route, never the path that was asked for: a label must have few values. */
const httpRequestSeconds = histogram('lading_http_request_seconds', 'From a request to its whole answer', FAST, [
  'method',
  'route',
  'status',
]);

/** Adds what happens to every request before and after its route: draining, authentication, headers and measurement. */
export function addRequestHooks(
  fastify: FastifyInstance,
  { keyring, drain, logger, limits = answerLimits }: RequestParts,
): void {
  giveUpUnread(fastify.server, limits);
  const unread = new UnreadAnswers(limits);
  fastify.addHook('onRequest', (request, reply, done) => {
    const over = () => {
      drain.end();
      unread.taken(request);
    };
    if (!untilOver(request.raw.socket, reply.raw, limits.pipelined, over)) {
      reply.hijack();
      return;
    }
    drain.begin();
    if (drain.draining) void reply.header('connection', 'close');
    done();
  });

  refuseByHttp(fastify);

  // This runs before the body is read, so that nobody without a key can make us read a body. The guard checks what the key may do.
  fastify.addHook('onRequest', async (request, reply) => {
    if (!request.is404 && mayHaveBody(request)) await authenticate(keyring, request, reply);
  });

  fastify.addHook('onSend', (request, reply, payload, done) => {
    void reply.header('x-content-type-options', 'nosniff');
    const bytes = ownBytes(payload, request);
    const key = actorOf(request)?.name ?? '';
    const full = bytes > SMALL && request.method === 'GET' ? unread.full(key, bytes) : undefined;
    if (full !== undefined) {
      done(null, refuseToHold(full, request, reply));
      return;
    }
    unread.count(key, bytes, request);
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
    // A client decides how long it listens to a stream, so that time is not measured.
    if (!String(reply.getHeader('content-type')).startsWith('text/event-stream')) {
      httpRequestSeconds.observe({ method, route, status }, seconds);
    }
    logger.debug({ request: request.id, method, route, status, seconds }, 'answered');
    done();
  });
}

/** Refuses what HTTP says must be refused: a request without one Host, of no route, or for a media type that there is not. */
function refuseByHttp(fastify: FastifyInstance): void {
  const methods = new Methods(fastify);

  fastify.addHook('onRequest', (request, reply, done) => {
    const problem = whyNotHttp(request) ?? (request.is404 ? methods.answer(request, reply) : undefined);
    if (problem !== 'answered') done(problem);
  });

  // After it is known who asks, and before the body is read.
  fastify.addHook('preParsing', (request, _reply, payload, done) => {
    const { accept } = request.headers;
    if (accept === undefined || accept === '*/*') {
      done(null, payload);
      return;
    }
    try {
      setMediaType(request, preferred(accept, producedBy(request)));
      done(null, payload);
    } catch (error) {
      done(error as ProblemError);
    }
  });
}

interface RequestParts {
  readonly keyring: Keyring;
  readonly drain: Drain;
  readonly logger: Logger;
  readonly limits?: AnswerLimits | undefined;
}

/** Answers that are always given, such as those about health: there are few on a connection. */
const SMALL = 4_096;

/** Bytes that only this answer keeps in memory until its client has taken it. */
function ownBytes(payload: unknown, { method }: FastifyRequest): number {
  if (method === 'HEAD') return 0;
  if (typeof payload === 'string') return Buffer.byteLength(payload);
  return Buffer.isBuffer(payload) && !SHARED.has(payload) ? payload.length : 0;
}

/** The problem document in the place of an answer that nobody would take soon. Only questions have such answers: nothing is lost. */
function refuseToHold(whose: 'key' | 'all', request: FastifyRequest, reply: FastifyReply): Buffer {
  for (const name of Object.keys(reply.getHeaders())) if (name !== 'x-content-type-options') reply.removeHeader(name);
  const detail = 'too much of earlier answers was not taken yet: read them, or ask for smaller pages';
  const [status, code] = whose === 'key' ? ([429, 'too-many-requests'] as const) : ([503, 'unavailable'] as const);
  void reply.code(status).header('retry-after', '5').header('content-type', 'application/problem+json');
  return Buffer.from(JSON.stringify(problem(status, code, { detail, instance: request.url.split('?', 1)[0] })));
}

const JSON_ALONE = ['application/json; charset=utf-8'];
/** What a route answers with, its own preference first: the setting `produces` of the route, or else JSON. */
const producedBy = ({ routeOptions }: FastifyRequest): readonly string[] =>
  (routeOptions.config as { produces?: readonly string[] }).produces ?? JSON_ALONE;

const MEDIA_TYPE = Symbol('media type');
const setMediaType = (request: object, type: string): void => {
  (request as { [MEDIA_TYPE]?: string })[MEDIA_TYPE] = type;
};
/** Which of the types that the route `produces` the client prefers; undefined when it has no preference. */
export const mediaTypeOf = (request: object): string | undefined => (request as { [MEDIA_TYPE]?: string })[MEDIA_TYPE];

/** What RFC 9112 and 9110 ask a server to refuse, and Node does not. */
function whyNotHttp({ raw }: FastifyRequest): ProblemError | undefined {
  const { rawHeaders, httpVersion, url = '' } = raw;
  if (url.length > MAX_URL) return new ProblemError(414, 'too-large', TOO_LONG, { facts: { limit: MAX_URL } });
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]?.toLowerCase() === 'host') hosts++;
  if (hosts === 1 || (hosts === 0 && httpVersion === '1.0')) return undefined;
  return new ProblemError(400, 'malformed', `a request names one Host, this one names ${hosts}: send one`);
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
