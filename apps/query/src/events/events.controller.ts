import { Controller, Get, Param, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Actor, readsFor } from '#platform/keys/actor';
import { Requires } from '#platform/keys/requires';
import { Answer } from '../asking/asking.interceptor.ts';
import { inTime, paging, parameters, sequenceNumber } from '../asking/parameters.ts';
import { Asks, ledgerParameter } from '../docs/asks.ts';
import { eventFilter, streamFilter } from './eventFilter.ts';
import { FindEvent, FindEvents } from './findEvents.handler.ts';

export const Filter = {
  after: sequenceNumber.optional().describe('Only events after this sequence.'),
  ...eventFilter,
  ...streamFilter,
};
const List = parameters({ ...Filter, ...paging, ...inTime });
const One = parameters({});

const CLOUD_EVENT = 'application/cloudevents+json';

/** The events themselves, from the journal: also those that no read model knows yet. */
@Controller('v1/ledgers/:ledger/events')
@Requires('read', 'audit')
@ApiTags('events')
export class EventsController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @Asks({
    summary: 'The events of a ledger, in order',
    description: 'From the journal. Each row is the CloudEvent as the ledger keeps it.',
    path: { ledger: ledgerParameter },
    parameters: List,
    listOf: 'Event',
  })
  async list(@Param('ledger') ledger: string, @Query() asked: z.infer<typeof List>, @Actor() actor: Actor) {
    const { after = 0, limit = 100, cursor, at, known, 'min-sequence': least, ...filter } = asked;
    const moment = { at, known, cursor, 'min-sequence': least };
    const found = await this.queries.execute(
      new FindEvents(ledger, moment, after, limit, { ...filter, party: readsFor(actor) }),
    );
    const page = { data: parsed(found), next: found.next };
    const type = 'application/json; charset=utf-8';
    return new Answer(pageOf(ledger, found), { sequence: found.head, bounds: found.bounds, type, page });
  }

  @Get(':sequence')
  @Asks({
    summary: 'An event: the exact bytes that the ledger keeps',
    description: 'What is stored, hashed, published to Kafka and exported: nothing re-serialises it.',
    path: { ledger: ledgerParameter, sequence: ['Its place in the ledger', '17'] },
    parameters: One,
    answer: 'Event',
    type: CLOUD_EVENT,
    alsoJson: true,
  })
  async one(
    @Param('ledger') ledger: string,
    @Param('sequence') text: string,
    @Query() asked: z.infer<typeof One>,
    @Actor() actor: Actor,
  ) {
    const { bytes, head } = await this.queries.execute(
      new FindEvent(ledger, asked['min-sequence'], text, readsFor(actor)),
    );
    return new Answer(bytes, { sequence: head, type: CLOUD_EVENT });
  }
}

/** Only CSV looks into the events, one at a time. */
function* parsed({ events }: FindEvents['found']): Generator {
  for (const { bytes } of events) yield JSON.parse(bytes.toString());
}

/** The page as text, with each event's own bytes in it. */
function pageOf(ledger: string, { events, head, bounds, next }: FindEvents['found']): Buffer {
  const parts = events.flatMap(({ bytes }, i) => (i === 0 ? [bytes] : [COMMA, bytes]));
  const before = JSON.stringify({ ledger, sequence: head, ...bounds });
  return Buffer.concat([
    Buffer.from(`${before.slice(0, -1)},"data":[`),
    ...parts,
    Buffer.from(`],"next":${JSON.stringify(next)}}`),
  ]);
}
const COMMA = Buffer.from(',');
