import { Controller, Inject, Post, Req, Res, type Type } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Actor, actorOf, type Role } from '#platform/keys/actor';
import { CLOUD_EVENT, CLOUD_EVENT_BATCH, NDJSON } from '#platform/http/createAdapter';
import { ProblemError } from '#platform/http/problemError';
import { Requires } from '#platform/keys/requires';
import { Accepts } from '../http/accepts.ts';
import { contentType, unsupported } from '../http/contentType.ts';
import { KnownLedgers } from '../ledgers/knownLedgers.ts';
import { SubmitsEvents } from '../openapi/submitsEvents.ts';
import { AtomicIntake } from './atomicIntake.ts';
import { BatchIntake } from './batchIntake.ts';
import type { WritingService } from './asked.ts';
import { SingleIntake } from './singleIntake.ts';
import { StreamIntake } from './streamIntake.ts';

const ACCEPTED = [CLOUD_EVENT, CLOUD_EVENT_BATCH, NDJSON] as const;

type SubmitRequest = FastifyRequest<{ Params: { ledger: string }; Querystring: Readonly<Record<string, unknown>> }>;

/** The route that takes the event types of these services: one in each writing service, one for all in the all-in-one. */
export function eventsController(served: readonly [WritingService, ...WritingService[]]): Type {
  const [first, ...others] = served;
  @Controller('v1/ledgers/:ledger/events')
  class EventsController {
    constructor(
      @Inject(KnownLedgers) private readonly ledgers: KnownLedgers,
      @Inject(SingleIntake) private readonly single: SingleIntake,
      @Inject(BatchIntake) private readonly batch: BatchIntake,
      @Inject(AtomicIntake) private readonly atomic: AtomicIntake,
      @Inject(StreamIntake) private readonly stream: StreamIntake,
    ) {}

    @Post()
    @Requires(roleOf(first), ...others.map(roleOf))
    @Accepts(...ACCEPTED)
    @SubmitsEvents(served)
    // Nothing but what Nest hands over as it is: every other parameter goes through the global pipe, a promise each.
    async submit(@Req() request: SubmitRequest, @Res() reply: FastifyReply): Promise<void> {
      const media = contentType(request, ACCEPTED);
      const { ledger } = request.params;
      if (!this.ledgers.has(ledger)) await this.ledgers.find(ledger);
      const asked = { request, reply, ledger, actor: senderOf(request), served };
      switch (media) {
        case CLOUD_EVENT:
          return this.single.take(asked);
        case CLOUD_EVENT_BATCH:
          return isAtomic(request.query) ? this.atomic.take(asked) : this.batch.take(asked);
        case NDJSON:
          return this.stream.take(asked);
        case undefined:
          throw unsupported('a request without a body', ACCEPTED);
      }
    }
  }
  return EventsController;
}

const roleOf = (service: WritingService): Role => `${service}:write`;

function senderOf(request: SubmitRequest): Actor {
  const actor = actorOf(request);
  if (actor === undefined) throw new Error('a route that takes events is never public');
  return actor;
}

function isAtomic({ atomic }: Readonly<Record<string, unknown>>): boolean {
  if (atomic === undefined || atomic === 'false') return false;
  if (atomic === 'true') return true;
  throw new ProblemError(400, 'malformed', 'atomic is true or false', { facts: { parameter: 'atomic' } });
}
