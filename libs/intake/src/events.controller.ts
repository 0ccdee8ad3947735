import { Controller, Inject, Post, Req, Res, type Type } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import type { Service } from '#contracts/define';
import { bodiesOf } from '#platform/http/bodies';
import { heldKeyOf, type Role } from '#platform/keys/actor';
import { Requires } from '#platform/keys/requires';
import { binaryEvent } from './formats/binaryEvent.ts';
import { cloudEvent } from './formats/cloudEvent.ts';
import { cloudEventBatch } from './formats/cloudEventBatch.ts';
import type { Format } from './formats/format.ts';
import { ndjson } from './formats/ndjson.ts';
import {
  AcceptsEvents,
  isBinaryMode,
  JSON_TYPE,
  readAtomic,
  readEventsType,
  unsupported,
} from './http/requestHeaders.ts';
import { limits } from './limits.ts';
import { Intake } from './intake.ts';
import { SubmitsEvents } from './openapi/submitsEvents.ts';
import { StreamIntake } from './streaming/streamIntake.ts';

/** The services that take events from outside. */
export type WritingService = Exclude<Service, 'ledger'>;

/** What the events route takes. A format more is a file more, and an entry here. */
const FORMATS: readonly Format[] = [cloudEvent, cloudEventBatch, ndjson];
const ACCEPTED = FORMATS.map(({ mediaType }) => mediaType);

/** Hands bodies of these formats over as they are: as bytes, and a stream as a stream, whose reader bounds it. */
export function passFormatsThrough(fastify: FastifyInstance): void {
  for (const format of FORMATS) {
    if (format.holds === 'stream') {
      fastify.addContentTypeParser(format.mediaType, (_request, stream, done) => {
        done(null, stream);
      });
    } else {
      const { mediaType, bodyLimit } = format;
      fastify.addContentTypeParser(mediaType, async (request: FastifyRequest, stream: Readable) =>
        bodiesOf(fastify).read(request, stream, bodyLimit),
      );
    }
  }
  // Data of an event in binary mode may be of any JSON type; application/json has a parser already.
  fastify.addContentTypeParser(JSON_TYPE, async (request: FastifyRequest, stream: Readable) => {
    if (isBinaryMode(request)) return bodiesOf(fastify).read(request, stream, limits.body);
    throw unsupported(`a body of the type ${request.headers['content-type'] ?? ''}`, ['application/json']);
  });
}

type SubmitRequest = FastifyRequest<{ Params: { ledger: string }; Querystring: Readonly<Record<string, unknown>> }>;

/** The route that takes the event types of these services: one in each writing service, one for all in the all-in-one. */
export function eventsController(served: readonly [WritingService, ...WritingService[]]): Type {
  const [first, ...others] = served;
  @Controller('v1/ledgers/:ledger/events')
  class EventsController {
    constructor(
      @Inject(Intake) private readonly intake: Intake,
      @Inject(StreamIntake) private readonly streams: StreamIntake,
    ) {}

    @Post()
    @Requires(roleOf(first), ...others.map(roleOf))
    @AcceptsEvents(...ACCEPTED)
    @SubmitsEvents(served)
    // Only what Nest hands over as it is: every other parameter goes through the pipes, which costs a promise each.
    async submit(@Req() request: SubmitRequest, @Res() reply: FastifyReply): Promise<void> {
      const mediaType = readEventsType(request, ACCEPTED);
      const { ledger } = request.params;
      const format = mediaType === 'binary' ? binaryEvent(request) : FORMATS.find((one) => one.mediaType === mediaType);
      if (format === undefined) throw unsupported('a request without a body', ACCEPTED);
      const atomic = readAtomic(request, format.holds);
      await this.intake.requireLedger(ledger);
      return this.intake.tried({ request, reply, ledger, key: heldKeyOf(request), served }, (to) => {
        switch (format.holds) {
          case 'one':
            return this.intake.answerOne(to, format);
          case 'many':
            return atomic ? this.intake.answerTogether(to, format) : this.intake.answerEach(to, format);
          case 'stream':
            return this.streams.answer(to, format);
        }
      });
    }
  }
  return EventsController;
}

const roleOf = (service: WritingService): Role => `${service}:write`;
