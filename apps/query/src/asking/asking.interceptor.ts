import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, mergeMap, Observable, race } from 'rxjs';
import type { z } from 'zod';
import { fieldErrors } from '#platform/http/fieldErrors';
import { type HeldKey, keyOf } from '#platform/keys/actor';
import { bytesOf } from '#platform/service/turns';
import { CSV, csvOf } from './csv.ts';
import { mediaTypeOf } from '#platform/http/createAdapter';
import type { ComponentName } from '#platform/docs/components';
import type { Bounds } from './moments.ts';
import { malformed } from './problems.ts';

interface About {
  /** `Lading-Sequence`: the sequence that the answer is of; left out where it is about no single ledger. */
  readonly sequence?: number;
  /** `Lading-At`, `Lading-Known`, `Lading-From-At` …: the bounds of time that were asked for. */
  readonly bounds?: Bounds;
  /** `ETag`: the version of the entity's stream, to submit with `If-Match`. */
  readonly version?: number | undefined;
  /** Of a body that is bytes; others are JSON. */
  readonly type?: string;
  /** `ETag` of what is no entity: names exactly these bytes, and whoever has them is answered 304. */
  readonly etag?: string;
  /** `Cache-Control` of what may be kept. */
  readonly cache?: string;
  /** The page that a body of bytes holds, of a list. */
  readonly page?: ListPage;
}

/** JSON, as Fastify calls it where it writes it. */
const JSON_TYPE = 'application/json; charset=utf-8';

interface ListPage {
  /** Rows. They may be made while they are written. */
  readonly data: Iterable<unknown>;
  readonly next: string | null;
}

/** What an asking route answers: its body, and what the headers say about it. */
export class Answer {
  constructor(
    readonly body: unknown,
    readonly about: About,
  ) {}
}

/** The metadata of an asking route that has the schema of its query string. */
export const PARAMETERS = Symbol('parameters');
/** The metadata of a list: the name of its rows. */
export const ROWS = Symbol('rows');

/**
 * Parses the query string of an asking route before it runs, and writes the headers of its Answer afterwards. A question that waits
 * for a sequence is answered 401 or 403 as soon as its key may not ask it any more.
 */
@Injectable()
export class AskingInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    request.query = parse(this.reflector.get<z.ZodType>(PARAMETERS, context.getHandler()), request.query);
    const reply = http.getResponse<FastifyReply>();
    const rows = this.reflector.get<ComponentName | undefined>(ROWS, context.getHandler());
    const answer = next.handle().pipe(
      mergeMap(async (value: unknown) => {
        if (!(value instanceof Answer)) return value;
        return rows === undefined ? asPreferred(value, request) : asWritten(value, rows, request);
      }),
      // Not before the body is there: until then the key may be refused, and then nothing of this answer may be in the reply.
      map((value) => (value instanceof Answer ? write(value, request, reply) : value)),
    );
    const key = keyOf(request);
    return key === undefined ? answer : race(answer, refusalOf(key, reply));
  }
}

/** Fails when the key may not ask any more. A stream of events has begun its answer, and ends by itself. */
const refusalOf = (key: HeldKey, reply: FastifyReply): Observable<never> =>
  new Observable((subscriber) => {
    const refuse = () => {
      if (!reply.sent) subscriber.error(key.refusal);
    };
    key.ended.addEventListener('abort', refuse);
    return () => {
      key.ended.removeEventListener('abort', refuse);
    };
  });

/** Every bad or unknown parameter is named, by its pointer into the query. */
function parse(schema: z.ZodType, query: unknown): unknown {
  const parsed = schema.safeParse(query);
  // zod passes over this one name, so that nothing can be set with it.
  if (Object.hasOwn(query as object, '__proto__'))
    throw malformed([{ pointer: '/__proto__', detail: 'unknown parameter' }]);
  if (parsed.success) return parsed.data;
  throw malformed(
    fieldErrors(parsed.error.issues, query).map(({ pointer, detail }) => ({
      pointer,
      detail: IN_A_QUERY[detail] ?? detail,
    })),
  );
}
const IN_A_QUERY: Readonly<Record<string, string>> = {
  'unknown field': 'unknown parameter',
  'expected string, got array': 'sent more than once: send it once',
};

/** The same bytes, called what the client calls them. */
export const asPreferred = ({ body, about }: Answer, request: FastifyRequest): Answer =>
  about.type === undefined
    ? new Answer(body, about)
    : new Answer(body, { ...about, type: mediaTypeOf(request) ?? about.type });

/** Beyond so many rows a page is written in turns. Fewer take no longer than a turn. */
const FEW_ROWS = 50;

/** What rows have beside the keys that they are grouped by. */
const SUMS = ['quantity', 'before', 'after', 'change', 'events', 'partial'];

/** A page of a list, as JSON or CSV. */
async function asWritten(answer: Answer, rows: ComponentName, request: FastifyRequest): Promise<Answer> {
  const { body, about } = answer;
  const page = about.page ?? (body as ListPage);
  if (mediaTypeOf(request) === CSV) {
    const { groupBy } = request.query as { groupBy?: readonly string[] };
    const bytes = await csvOf(rows, page.data, groupBy && [...groupBy, ...SUMS]);
    return new Answer(bytes, { ...about, type: CSV, page });
  }
  if (about.page !== undefined || (page.data as readonly unknown[]).length <= FEW_ROWS)
    return new Answer(body, { ...about, page });
  return new Answer(await bytesOf(jsonOf(page)), { ...about, type: JSON_TYPE, page });
}

/** As JSON.stringify writes it, a row at a time. */
function* jsonOf(page: ListPage): Generator<string> {
  let before = '{';
  for (const [name, value] of Object.entries(page)) {
    if (value === undefined) continue;
    yield `${before}${JSON.stringify(name)}:`;
    if (name === 'data') yield* listOf(page.data);
    else yield JSON.stringify(value);
    before = ',';
  }
  yield '}';
}

function* listOf(rows: Iterable<unknown>): Generator<string> {
  let before = '[';
  for (const row of rows) {
    yield before + JSON.stringify(row);
    before = ',';
  }
  yield ']';
}

/** Writes the headers of an answer. @returns its body; undefined where the client has it already */
export function write({ body, about }: Answer, request: FastifyRequest, reply: FastifyReply): unknown {
  const { sequence, bounds = {}, version, etag, cache, type, page } = about;
  const isForEver = bounds.at !== undefined && bounds.known !== undefined;
  // Another key may see other rows.
  if (isForEver) void reply.header('vary', page === undefined ? 'authorization' : 'accept, authorization');
  else if (page !== undefined) void reply.header('vary', 'accept');
  // In CSV there is no other place for it.
  if (page !== undefined && page.next !== null) {
    const next = new URL(request.url, 'http://any');
    next.searchParams.set('cursor', page.next);
    void reply.header('link', `<${next.pathname}${next.search}>; rel="next"`);
  }
  if (sequence !== undefined) void reply.header('lading-sequence', String(sequence));
  for (const [name, value] of Object.entries(bounds))
    if (value !== undefined) void reply.header(`lading-${name}`, String(value));
  if (version !== undefined) void reply.header('etag', `"${version}"`);
  if (type !== undefined) void reply.header('content-type', type);
  // With both bounds it is the same for ever. Else the question is who holds what *now*; and an ETag here is a stream's version, not that
  // of the whole answer (what a party holds changes without its stream), so no cache may keep the answer or ask by its ETag.
  void reply.header('cache-control', cache ?? (isForEver ? 'private, max-age=31536000, immutable' : 'no-store'));
  if (etag === undefined) return body;
  void reply.header('etag', etag);
  if (!hasAlready(request, etag)) return body;
  void reply.code(304);
  return undefined;
}

/** Whether the client has the bytes that this ETag names. */
export function hasAlready({ headers }: FastifyRequest, etag: string): boolean {
  if (headers['if-none-match'] === undefined) return false;
  const named = (tag: string): string => tag.trim().replace(/^W\//, '');
  const had = headers['if-none-match'].split(',').map(named);
  return had.includes(named(etag)) || had.includes('*');
}
