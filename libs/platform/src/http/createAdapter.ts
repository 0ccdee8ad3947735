import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Readable } from 'node:stream';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyHttpOptions, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { parseJson } from './strictJson.ts';
import { SHARED } from './readyMade.ts';
import { actorOf } from '../keys/actor.ts';
import { ProblemError } from './problemError.ts';
import { preferred } from './accept.ts';
import { refuseBadHttp, refuseWhatIsNoRequest, whyNotHttp } from './badHttp.ts';
import { Methods } from './methods.ts';
import { Admission, type AdmissionLimits, admissionLimits, holdOf, refused } from './admission.ts';
import { Bodies, bodiesOf, type BodyLimits, bodyLimits, setBodies } from './bodies.ts';
import type { Keyring } from '../keys/keyring.ts';
import { Durations, type Series } from '../watching/durations.ts';
import { FAST } from '../watching/metrics.ts';
import {
  type AnswerLimits,
  answerLimits,
  beginRequestsInTime,
  type Drain,
  giveUpUnread,
  refuseToHold,
  UnreadAnswers,
  untilOver,
} from './drain.ts';
import { sendProblem, toProblem } from './problem.filter.ts';

/** The limit of a body that holds one event: an event has at most 65,535 bytes, and a submitter may write it with white space. */
export const MAX_BODY_BYTES = 1_048_576;

/**
 * Makes Fastify accept JSON, read strictly, and no other content type until somebody adds one. An error before a route is found is
 * answered with a problem document, too.
 */
export function createAdapter({ trustedProxies = [], bodies = bodyLimits }: AdapterOptions = {}): FastifyAdapter {
  const started = randomBytes(4).toString('hex');
  let requests = 0;
  const options: FastifyHttpOptions<Server> = {
    bodyLimit: MAX_BODY_BYTES,
    http: {
      // Node would answer a request without a Host itself, without a body. A hook refuses it, and one with two.
      requireHostHeader: false,
      ...serverLimits.http,
    },
    keepAliveTimeout: serverLimits.keepAliveMs,
    // Node's clock for whole requests would end streams of events, which are requests that last. `Bodies` has one for bodies.
    requestTimeout: 0,
    ...(trustedProxies.length > 0 && { trustProxy: [...trustedProxies] }),
    // Streams of events never end by themselves. Drain has given every other answer the time to end.
    forceCloseConnections: true,
    genReqId: () => `${started}-${(++requests).toString(36)}`,
    routerOptions: { maxParamLength: 1_000 },
    frameworkErrors: (error, request, reply) => {
      sendProblem(request, reply, toProblem(error));
    },
    clientErrorHandler: refuseBadHttp,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  };
  // No Nest middleware is used, and to look for some would cost every request.
  const adapter = new FastifyAdapter({ ...options, skipMiddie: true });
  const fastify = adapter.getInstance();
  refuseWhatIsNoRequest(fastify.server);
  beginRequestsInTime(fastify.server);
  boundConnections(fastify.server);
  // Node would tell every client that its body may come. `Bodies` tells those whose body is going to be read.
  fastify.server.on('checkContinue', (request, response) => fastify.server.emit('request', request, response));
  setBodies(fastify, new Bodies(bodies));
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', async (request: FastifyRequest, payload: Readable) =>
    parseJson(await bodiesOf(fastify).read(request, payload, MAX_BODY_BYTES)),
  );
  return adapter;
}

/** Requests are checked by the contract's own schemas. Without this each start would load the two compilers of Fastify's, for nothing. */
const noSchemas = () => () => {
  throw new Error('no route here has a schema of Fastify');
};

interface AdapterOptions {
  /** The addresses of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[];
  readonly bodies?: BodyLimits;
}

/** What Node bounds by itself. */
const serverLimits = {
  http: {
    /** The headers of a request come within this time; so does the first one of a connection that says nothing. Milliseconds. */
    headersTimeout: 15_000,
    connectionsCheckingInterval: 2_000,
    maxHeaderSize: 16_384,
  },
  /** Longer than the minute after which most proxies give up a connection that is not used: they end it, and not we. */
  keepAliveMs: 72_000,
  connections: 4_096,
};

/** When there are as many connections as may be, those that do nothing make room. */
function boundConnections(server: Server): void {
  server.maxConnections = serverLimits.connections;
  server.on('drop', () => {
    refused.inc({ reason: 'connections' });
    server.closeIdleConnections();
  });
}

/** The label is the template of the route, never the path that was asked for: a label must have few values. */
const httpRequestSeconds = new Durations('lading_http_request_seconds', 'From a request to its whole answer', FAST);

/** By what a route is configured with, of which each route and method has its own, and by status. */
const measured = new WeakMap<object, Map<number, Series>>();
function secondsOf(request: FastifyRequest, status: number): Series {
  const { config, url = 'none' } = request.routeOptions;
  const byStatus = measured.get(config) ?? new Map<number, Series>();
  measured.set(config, byStatus);
  const found =
    byStatus.get(status) ??
    httpRequestSeconds.of({ method: request.method, route: request.is404 ? 'none' : url, status: String(status) });
  byStatus.set(status, found);
  return found;
}

/** Counts one duration, in its bucket. */
export function observe(series: Series, seconds: number): void {
  let at = 0;
  while (seconds > (series.bounds[at] ?? Infinity)) at += 1;
  series.counts[at] = (series.counts[at] ?? 0) + 1;
  series.sum += seconds;
}

/** Adds what happens to every request before and after its route: draining, authentication, headers and measurement. */
export function addRequestHooks(
  fastify: FastifyInstance,
  { keyring, drain, logger, limits = answerLimits, admission: admits = admissionLimits }: RequestParts,
): void {
  giveUpUnread(fastify.server, limits);
  const unread = new UnreadAnswers(limits);
  const admission = new Admission(keyring, admits);
  const methods = new Methods(fastify);
  // One hook, because each costs every request something, and one that waits for nothing costs least.
  fastify.addHook('onRequest', (request, reply, done) => {
    const over = () => {
      drain.end();
      unread.taken(request);
      holdOf(request).done();
    };
    if (!untilOver(request.raw.socket, reply.raw, limits.pipelined, over)) {
      reply.hijack();
      return;
    }
    drain.begin();
    holdOf(request).response = reply.raw;
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    if ((length ?? encoding) !== undefined) bodiesOf(fastify).watch(request.raw, reply.raw);
    if (drain.draining) void reply.header('connection', 'close');
    letIn(request, reply, { admission, methods }, done);
  });
  chooseMediaType(fastify);
  holdWhileWorking(fastify);

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
    measure(request, reply, logger);
    done();
  });
}

function measure(request: FastifyRequest, reply: FastifyReply, logger: Logger): void {
  const seconds = reply.elapsedTime / 1000;
  const status = reply.statusCode;
  // A client decides how long it listens to a stream, so that time is not measured.
  if (!String(reply.getHeader('content-type')).startsWith('text/event-stream'))
    observe(secondsOf(request, status), seconds);
  if (!logger.isLevelEnabled('debug')) return;
  const { method, is404, routeOptions } = request;
  const route = is404 ? 'none' : routeOptions.url;
  logger.debug({ request: request.id, method, route, status, seconds }, 'answered');
}

/** Refuses what is no request of a route, and then what may not come in now: all before the body is read. */
function letIn(
  request: FastifyRequest,
  reply: FastifyReply,
  { admission, methods }: { readonly admission: Admission; readonly methods: Methods },
  done: (error?: Error) => void,
): void {
  let lookedUp: Promise<void> | undefined;
  try {
    admission.countUnrouted(request, reply);
    const problem =
      (isOrdinary(request.raw) ? undefined : whyNotHttp(request)) ??
      (request.is404 ? methods.answer(request, reply) : undefined);
    if (problem === 'answered') return;
    if (problem !== undefined) throw problem;
    lookedUp = admission.admit(request, reply);
  } catch (error) {
    done(error as Error);
    return;
  }
  if (lookedUp === undefined) done();
  else
    lookedUp.then(() => {
      done();
    }, done);
}

/** Whether nothing about it has to be looked at closely: a short address, a Host, and no header twice. */
const isOrdinary = ({ url = '', headers, rawHeaders }: IncomingMessage): boolean =>
  url.length <= 1_000 && headers.host !== undefined && rawHeaders.length === 2 * Object.keys(headers).length;

/** Refuses a request for a media type that there is not. */
function chooseMediaType(fastify: FastifyInstance): void {
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

/** A request holds its place and its bytes until the work on it is done, also when its client has hung up. */
function holdWhileWorking(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    const { handler } = route;
    route.handler = function (request, reply) {
      const result: unknown = handler.call(this, request, reply);
      if (result instanceof Promise) holdOf(request).until(result);
      return result;
    };
  });
}

interface RequestParts {
  readonly keyring: Keyring;
  readonly drain: Drain;
  readonly logger: Logger;
  readonly limits?: AnswerLimits | undefined;
  readonly admission?: AdmissionLimits | undefined;
}

/** Answers that are always given, such as those about health: there are few on a connection. */
const SMALL = 4_096;

/** Bytes that only this answer keeps in memory until its client has taken it. */
function ownBytes(payload: unknown, { method }: FastifyRequest): number {
  if (method === 'HEAD') return 0;
  if (typeof payload === 'string') return Buffer.byteLength(payload);
  return Buffer.isBuffer(payload) && !SHARED.has(payload) ? payload.length : 0;
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

const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
};
