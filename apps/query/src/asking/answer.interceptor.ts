import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';

interface About {
  /** `Lading-Sequence`: where the answer stands; left out where it is about no single ledger. */
  readonly sequence?: number;
  /** `ETag`: the version of the entity's stream, to submit with `If-Match`. */
  readonly version?: number | undefined;
  /** Of a body that is bytes; others are JSON. */
  readonly type?: string;
}

/** What an asking route answers: its body, and what the headers say about it. */
export class Answer<T = unknown> {
  constructor(
    readonly body: T,
    readonly about: About,
  ) {}
}

/** Writes an Answer: its headers, and its body. */
@Injectable()
export class AnswerInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(map((value: unknown) => (value instanceof Answer ? write(value, reply) : value)));
  }
}

function write({ body, about }: Answer, reply: FastifyReply): unknown {
  const { sequence, version, type } = about;
  if (sequence !== undefined) void reply.header('lading-sequence', String(sequence));
  if (version !== undefined) void reply.header('etag', `"${version}"`);
  if (type !== undefined) void reply.header('content-type', type);
  // What is asked is who holds what *now*; and an ETag here is a stream's version, not that of the whole answer (what a
  // party holds changes without its stream), so no cache may keep it or ask by it.
  void reply.header('cache-control', 'no-store');
  return body;
}
