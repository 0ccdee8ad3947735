import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, Observable, race } from 'rxjs';
import type { z } from 'zod';
import { fieldErrors } from '#platform/http/fieldErrors';
import { type HeldKey, keyOf } from '#platform/keys/actor';
import { CSV, csvOf } from './csv.ts';
import { mediaTypeOf } from '#platform/http/createAdapter';
import type { ComponentName } from '#platform/docs/components';
import { malformed } from './problems.ts';

interface About {
  /** `Lading-Sequence`: the sequence that the answer is of; left out where it is about no single ledger. */
  readonly sequence?: number;
  /** `ETag`: the version of the entity's stream, to submit with `If-Match`. */
  readonly version?: number | undefined;
  /** Of a body that is bytes; others are JSON. */
  readonly type?: string;
  /** The page that a body of bytes holds. */
  readonly page?: ListPage;
}

interface ListPage {
  readonly data: readonly unknown[];
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
    const written = (answer: Answer): unknown =>
      rows === undefined ? write(asPreferred(answer, request), reply) : writePage(answer, rows, request, reply);
    const answer = next.handle().pipe(map((value: unknown) => (value instanceof Answer ? written(value) : value)));
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
      detail: detail === 'unknown field' ? 'unknown parameter' : detail,
    })),
  );
}

/** The same bytes, called what the client calls them. */
const asPreferred = ({ body, about }: Answer, request: FastifyRequest): Answer =>
  about.type === undefined
    ? new Answer(body, about)
    : new Answer(body, { ...about, type: mediaTypeOf(request) ?? about.type });

/** A page of a list, as JSON or CSV. `Link` leads to the next one: in CSV there is no other place for it. */
function writePage(answer: Answer, rows: ComponentName, request: FastifyRequest, reply: FastifyReply): unknown {
  const { body, about } = answer;
  void reply.header('vary', 'accept');
  const page = about.page ?? (body as ListPage);
  if (page.next !== null) {
    const next = new URL(request.url, 'http://any');
    next.searchParams.set('cursor', page.next);
    void reply.header('link', `<${next.pathname}${next.search}>; rel="next"`);
  }
  if (mediaTypeOf(request) !== CSV) return write(answer, reply);
  const { groupBy } = request.query as { groupBy?: readonly string[] };
  const text = csvOf(rows, page.data, groupBy && [...groupBy, 'quantity']);
  return write(new Answer(text, { ...about, type: CSV }), reply);
}

function write({ body, about }: Answer, reply: FastifyReply): unknown {
  const { sequence, version, type } = about;
  if (sequence !== undefined) void reply.header('lading-sequence', String(sequence));
  if (version !== undefined) void reply.header('etag', `"${version}"`);
  if (type !== undefined) void reply.header('content-type', type);
  // The question is who holds what *now*; and an ETag here is a stream's version, not that of the whole answer (what a party holds
  // changes without its stream), so no cache may keep the answer or ask by its ETag.
  void reply.header('cache-control', 'no-store');
  return body;
}
