import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Actor, mayTouch, readsFor } from '#platform/keys/actor';
import { Requires } from '#platform/keys/requires';
import { Answer } from '../asking/asking.interceptor.ts';
import { onlyNow, paging } from '../asking/parameters.ts';
import { malformed } from '../asking/problems.ts';
import { Asks } from '../docs/asks.ts';
import { FindLedgers, FindStatus } from './status.handler.ts';

const List = z.strictObject({ ...paging, ...onlyNow('how far consumers were is not recorded') });
/** Under a name of its own: a parameter's type that is also a value would be taken for its class. */
type Listed = z.infer<typeof List>;

/** What is about all ledgers that the key may touch. */
@Controller('v1')
@Requires('read', 'audit', 'admin')
@ApiTags('ledgers')
export class StatusController {
  constructor(private readonly queries: QueryBus) {}

  @Get('ledgers')
  @Asks({ summary: 'The ledgers, and where each stands', parameters: List, listOf: 'Ledger' })
  async ledgers(@Query() asked: Listed, @Actor() actor: Actor) {
    const all = await this.queries.execute(new FindLedgers());
    return page(
      all.filter(({ ledger }) => mayTouch(actor, ledger)),
      asked,
    );
  }

  @Get('status')
  @Asks({
    summary: 'How far every consumer is, in events and seconds',
    description:
      'The relay (where there is Kafka), the projector for each version of the read models, the signer of checkpoints, and each witness that cosigns them (`witness` and its name). It takes no `at` and no `known`: how far they were is not recorded.',
    parameters: List,
    listOf: 'Status',
  })
  async status(@Query() asked: Listed, @Actor() actor: Actor) {
    const all = await this.queries.execute(new FindStatus());
    const mine = all.filter(({ ledger }) => mayTouch(actor, ledger));
    // Why a ledger stands still names the event at which it does, which may be another party's.
    return page(readsFor(actor) === undefined ? mine : mine.map(({ reason: _, ...row }) => row), asked);
  }
}

/** There are few of these rows; a cursor is how many were handed out before. */
function page(rows: readonly unknown[], { limit = 100, cursor = '0' }: Listed): Answer {
  if (!/^\d{1,9}$/.test(cursor)) throw malformed([{ pointer: '/cursor', detail: 'not a cursor of this list' }]);
  const end = Number(cursor) + limit;
  return new Answer({ data: rows.slice(Number(cursor), end), next: end < rows.length ? String(end) : null }, {});
}
