import { Controller, Get, Inject, Logger, Param, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type pg from 'pg';
import type { z } from 'zod';
import { follow } from '#journal/tail';
import { type HeldKey, heldKeyOf, readsFor } from '#platform/keys/actor';
import { ProblemError } from '#platform/http/problemError';
import { holdOf } from '#platform/http/admission';
import { Requires } from '#platform/keys/requires';
import { POOL } from '#platform/service/tokens';
import { Ledgers } from '../asking/ledgers.ts';
import { parameters, sequenceNumber, yesOrNo } from '../asking/parameters.ts';
import { malformed } from '../asking/problems.ts';
import { Signals } from '../asking/signals.ts';
import { Visibility } from '../asking/visibility.ts';
import { Asks, ledgerParameter } from '../docs/asks.ts';
import { Filter } from './events.controller.ts';
import { EventPages } from './eventPages.ts';
import { standing } from './findEvents.handler.ts';
import { OpenStreams } from './openStreams.ts';
import { type FlagsFollowed, FlagWatches } from './flagWatches.ts';
import { together, writeEventStream } from './writeEventStream.ts';

/** So that no proxy takes a quiet stream for a dead one. */
const KEEP_ALIVE_MS = 15_000;

const Stream = parameters({
  ...Filter,
  lastEventId: sequenceNumber
    .optional()
    .describe('Instead of the header `Last-Event-ID`, for those who cannot send it; the header wins.'),
  flags: yesOrNo.describe('Also tells of flags that are raised and cleared from now on; needs the role `read`.'),
});

@Controller('v1/ledgers/:ledger/events/stream')
@Requires('read', 'audit')
@ApiTags('events')
export class StreamController {
  readonly #logger = new Logger('EventStream');

  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly ledgers: Ledgers,
    private readonly visibility: Visibility,
    private readonly signals: Signals,
    private readonly streams: OpenStreams,
    private readonly pages: EventPages,
    private readonly flags: FlagWatches,
  ) {}

  @Get()
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Go on after this sequence.', example: '17' })
  @Asks({
    summary: 'The events of a ledger as they are recorded (server-sent events)',
    description:
      'Each message has the sequence as its `id` and the event itself, byte for byte, as its `data`. Starts with the first ' +
      'event unless `after`, `lastEventId` or the header `Last-Event-ID` says from where to go on. A key may have 100 of them open. ' +
      'It ends when its client takes nothing for half a minute, when the process stops, and when its key may no longer read it: the ' +
      'last message is then `event: problem` with the problem document. With `flags=true` it also has `event: flag` messages, whatever ' +
      'events are asked for: a flag as `flags` lists it, with `change` (`raised` or `cleared`) and the `sequence` that the read models ' +
      'had applied. They have no `id`, and begin with what changes after the stream was opened: ask for `flags` when it is open, and ' +
      'again each time that it was opened again. What depends on the clock is raised when the day is over, in UTC. Of each of those ' +
      'rules the first 5,000 flags are followed.',
    path: { ledger: ledgerParameter },
    parameters: Stream,
    type: 'text/event-stream',
  })
  async stream(
    @Param('ledger') ledger: string,
    @Query() asked: z.infer<typeof Stream>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { after, lastEventId, 'min-sequence': minSequence, flags = false, ...filter } = asked;
    const key = heldKeyOf(request);
    await this.ledgers.check(ledger);
    const start = lastSeen(request) ?? lastEventId ?? after ?? 0;
    const party = readsFor(key.actor);
    const check = () => checkFor(key, party, flags);
    const head = await standing(this.pool, this.visibility, ledger, minSequence, party);
    await check(); // while it waited for the sequence, the key may have ended
    const open = this.streams.open(key.actor.name, reply.raw);
    holdOf(request).leavePlace(); // a stream that only listens has a place among the streams
    void reply.header('lading-sequence', String(head));
    key.ended.addEventListener('abort', open.end);
    let followed: FlagsFollowed | undefined;
    try {
      if (flags) followed = await this.flags.follow(ledger, party);
      await this.signals.during(ledger, party === undefined ? 'recorded' : 'applied', (signal) => {
        const events = follow({
          read: async (from) => {
            const page = await this.pages.streamed(ledger, from, { ...filter, party });
            await check();
            return page;
          },
          ...{ after: start, signal, quietMs: KEEP_ALIVE_MS, stop: open.stop },
        });
        const all = followed === undefined ? events : together(events, checked(followed.messages(open.stop), check));
        return writeEventStream(reply, request.method === 'HEAD', all, open.stop, () => key.refusal);
      });
    } catch (error) {
      if (!reply.sent) throw error;
      // The client resumes after the last event that it got.
      if (!open.stop.aborted) this.#logger.warn({ ledger, err: error }, 'an event stream broke off');
    } finally {
      followed?.end();
      open.end();
    }
  }
}

/** What the holder of a key may do changes while a stream is open. */
async function checkFor(key: HeldKey, party: string | undefined, flags: boolean): Promise<void> {
  await key.check();
  // Another party's key, or a key of all, asks again.
  if (readsFor(key.actor) !== party) throw changedParty();
  if (flags && !key.actor.roles.includes('read')) throw readsNoFlags();
}

async function* checked(messages: AsyncGenerator<Buffer>, check: () => Promise<void>): AsyncGenerator<Buffer> {
  for await (const message of messages) {
    await check();
    yield message;
  }
}

const readsNoFlags = (): ProblemError =>
  new ProblemError(403, 'forbidden', 'flags are for keys with the role `read`: leave `flags` out, or use such a key');

const changedParty = (): ProblemError =>
  new ProblemError(403, 'forbidden', 'the key speaks for another party than when this stream began: open it again');

function lastSeen(request: FastifyRequest): number | undefined {
  const header = request.headers['last-event-id'];
  if (header === undefined || header === '') return undefined;
  const parsed = sequenceNumber.safeParse(header);
  if (parsed.success) return parsed.data;
  throw malformed([{ pointer: '/Last-Event-ID', detail: 'the id of an event of this stream: its sequence' }]);
}
