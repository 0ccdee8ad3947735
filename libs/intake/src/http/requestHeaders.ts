import { RouteSettings } from '#platform/http/routeSettings';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MAX_FIELD_ERRORS, pointer } from '#platform/http/fieldErrors';
import { ProblemError } from '#platform/http/problemError';

/**
 * The content types and the query parameters that a route takes. Any other is refused before its body is read. Answers are JSON,
 * and those to a stream of lines are lines.
 */
export const Accepts = (...accepts: readonly string[]): MethodDecorator => RouteSettings(accepting(accepts));

/** The same for a route that submits one event: it may be tried only. */
export const AcceptsEvent = (...accepts: readonly string[]): MethodDecorator =>
  RouteSettings({ ...accepting(accepts), parameters: [DRY_RUN] });

/** The parameter of every route that submits. */
const DRY_RUN = 'dry-run';

/** The same for the route that takes CloudEvents, in binary mode too, and batches that are atomic. */
export const AcceptsEvents = (...accepts: readonly string[]): MethodDecorator =>
  RouteSettings({ ...accepting(accepts), binaryMode: true, parameters: ['atomic', DRY_RUN] });

const accepting = (accepts: readonly string[]) => ({
  accepts,
  produces: ['application/json; charset=utf-8', ...accepts.filter((type) => type.endsWith('ndjson'))],
});

/**
 * Refuses what a writing route does not take, before its body is read: parameters, headers that ask for what is not done here, and
 * content types, which Fastify by itself would refuse without naming those that are taken.
 */
export function refuseWhatIsNotTaken(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    const { accepts, binaryMode } = (route.config ?? {}) as { accepts?: readonly string[]; binaryMode?: true };
    if (accepts === undefined) return;
    const { parameters = [] } = route.config as { parameters?: readonly string[] };
    route.preParsing = (request, _reply, payload, done) => {
      try {
        refuseOtherParameters(request, parameters);
        refuseUnkept(request, ALWAYS_UNKEPT);
        if (binaryMode === true) readEventsType(request, accepts);
        else readContentType(request, accepts);
        done(null, payload);
      } catch (error) {
        done(error as Error);
      }
    };
  });
}

/** Whether a request is one CloudEvent in binary mode: its attributes are headers, and its body is data. */
export const isBinaryMode = ({ headers }: FastifyRequest): boolean =>
  ['ce-specversion', 'ce-id', 'ce-source', 'ce-type'].some((name) => headers[name] !== undefined) &&
  headers['content-type']?.toLowerCase().startsWith('application/cloudevents') !== true;

/** A JSON media type, before its parameters. */
export const JSON_TYPE = /^[\w!#$&^.+-]+\/(?:json|[\w!#$&^.+-]+\+json)[ \t]*(?:;|$)/i;

/**
 * The media type of a request that brings events; `binary` for one in binary mode.
 * @throws ProblemError 415 as `readContentType`, and for an event in binary mode whose data is not JSON
 */
export function readEventsType<T extends string>(
  request: FastifyRequest,
  accepted: readonly T[],
): T | 'binary' | undefined {
  const type = request.headers['content-type'] ?? '';
  if (isBinaryMode(request)) {
    if (type === '') throw unsupported('an event in binary mode without a Content-Type', BINARY_TAKES);
    if (!JSON_TYPE.test(type)) throw unsupported(`an event in binary mode with data of the type ${type}`, BINARY_TAKES);
    const media = type.toLowerCase().split(';')[0]?.trim() ?? '';
    readContentType(request, [media]);
    return 'binary';
  }
  if (JSON_TYPE.test(type) && !accepted.some((one) => type.toLowerCase().startsWith(one)))
    throw unsupported(`a body of the type ${type} without the headers ce-id, ce-source … of binary mode`, accepted);
  return readContentType(request, accepted);
}

const BINARY_TAKES = ['application/json'];

/** A parameter that is not known must not be passed over: a batch with `?atomc=true` was meant to be kept whole or not at all. */
function refuseOtherParameters({ query }: FastifyRequest, parameters: readonly string[]): void {
  const unknown = Object.keys(query as object).filter((name) => !parameters.includes(name));
  if (unknown.length === 0) return;
  const taken = parameters.length > 0 ? `it takes ${parameters.join(', ')}` : 'it takes none';
  const detail = `unknown parameter: ${taken}`;
  const errors = unknown.slice(0, MAX_FIELD_ERRORS).map((name) => ({ pointer: pointer([name]), detail }));
  throw new ProblemError(400, 'malformed', `this route does not know a parameter of this request: ${taken}`, {
    errors,
  });
}

/**
 * Headers that ask for something which would not be done: each with what to do instead. An Idempotency-Key with events is none of
 * them: their ids do what it asks.
 */
type Unkept = Readonly<Record<string, string>>;

const ALWAYS_UNKEPT: Unkept = {
  'content-range': 'a part of a body is not taken: send all of it',
  'if-none-match': 'what is submitted is taken once by its id: leave it out',
  'if-unmodified-since': 'versions are sequences: send If-Match with one event instead',
  'x-http-method-override': 'send the request with the method that is meant',
};

/** @throws ProblemError 400: a client that asks for this counts on getting it */
export function refuseUnkept({ headers }: FastifyRequest, unkept: Unkept): void {
  for (const [name, instead] of Object.entries(unkept)) {
    if (headers[name] === undefined) continue;
    throw new ProblemError(400, 'malformed', `the header ${name} cannot be kept here: ${instead}`, {
      facts: { header: name },
    });
  }
}

/**
 * Whether a batch is kept whole or not at all. No other body can be, so that saying it of one is refused.
 * @throws ProblemError 400
 */
export function readAtomic({ query }: FastifyRequest, holds: 'one' | 'many' | 'stream'): boolean {
  const { atomic } = query as Readonly<Record<string, unknown>>;
  if (atomic === undefined || atomic === 'false') return false;
  if (atomic === 'true' && holds === 'many') return true;
  const detail =
    atomic === 'true'
      ? `a ${holds === 'stream' ? 'stream is taken line by line' : 'single event needs no others'}: send the events as one batch, or leave it out`
      : 'true or false, once';
  throw new ProblemError(400, 'malformed', `atomic: ${detail}`, { errors: [{ pointer: '/atomic', detail }] });
}

/**
 * Whether events are tried only, and nothing of them is kept.
 * @throws ProblemError 400
 */
export function readDryRun({ query }: FastifyRequest): boolean {
  const asked = (query as Readonly<Record<string, unknown>>)[DRY_RUN];
  if (asked === undefined || asked === 'false') return false;
  if (asked === 'true') return true;
  const errors = [{ pointer: pointer([DRY_RUN]), detail: 'true or false, once' }];
  throw new ProblemError(400, 'malformed', `${DRY_RUN}: true or false, once`, { errors });
}

/**
 * The media type of a request's body, in lower case, without its parameters; undefined when there is neither body nor type.
 * @throws ProblemError 415 when it is none of `accepted`, is not in UTF-8, or is compressed
 */
export function readContentType<T extends string>({ headers }: FastifyRequest, accepted: readonly T[]): T | undefined {
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

/** 415 with the types that the route takes in `Accept`, as RFC 9110 §15.5.16 says. */
export const unsupported = (
  what: string,
  accepted: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): ProblemError =>
  new ProblemError(415, 'unsupported-media-type', `${what} is not taken here: send ${accepted.join(', ')}, in UTF-8`, {
    facts: { accepted },
    headers: { accept: accepted.join(', '), ...headers },
  });

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
