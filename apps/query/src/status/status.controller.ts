import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import type { LedgerRow, StatusRow } from '#contracts/statusRows';
import { Actor, mayTouch, readsFor } from '#platform/keys/actor';
import { Requires } from '#platform/keys/requires';
import { BadCursor, pageOf, pageStart, type SortKey } from '#projections/reading/page';
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
  @Asks({
    summary: 'The ledgers, and where each stands',
    description:
      'By their ids. It takes no `at` and no `known`: how far consumers were is not recorded. What was in a ledger at a moment is asked of the ledger.',
    parameters: List,
    listOf: 'Ledger',
  })
  async ledgers(@Query() asked: Listed, @Actor() actor: Actor) {
    const all = await this.queries.execute(new FindLedgers());
    return page(
      all.filter(({ ledger }) => mayTouch(actor, ledger)),
      asked,
      LEDGERS,
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
    const rows: readonly StatusRow[] = readsFor(actor) === undefined ? mine : mine.map(({ reason: _, ...row }) => row);
    return page(rows, asked, STATUS);
  }
}

/** How a list is sorted: by which key of a row, and what one looks like. */
interface Order<R> {
  readonly keyOf: (row: R) => SortKey;
  readonly like: SortKey;
}

const LEDGERS: Order<LedgerRow> = { keyOf: ({ ledger }) => [ledger], like: [''] };

const CONSUMERS = ['relay', 'projector', 'signer'];
const STATUS: Order<StatusRow> = {
  keyOf({ consumer, version, ledger }) {
    const place = CONSUMERS.indexOf(consumer);
    // Witnesses come last.
    return [place === -1 ? CONSUMERS.length : place, version ?? 0, ledger, consumer];
  },
  like: [0, 0, '', ''],
};

/** The page behind the row that the cursor names: a ledger that is opened between two pages moves no other one. */
function page<R>(rows: readonly R[], asked: Listed, { keyOf, like }: Order<R>): Answer {
  const start = startOf(asked, like);
  const behind = rows
    .filter((row) => start === undefined || compare(keyOf(row), start) > 0)
    .sort((a, b) => compare(keyOf(a), keyOf(b)));
  return new Answer(
    pageOf(behind, asked, keyOf, (row) => row),
    {},
  );
}

function startOf(asked: Listed, like: SortKey): SortKey | undefined {
  try {
    return pageStart(asked, like);
  } catch (error) {
    throw error instanceof BadCursor ? malformed([{ pointer: '/cursor', detail: error.message }]) : error;
  }
}

function compare(a: SortKey, b: SortKey): number {
  for (const [i, part] of a.entries()) {
    const other = b[i] ?? '';
    if (part !== other) return part < other ? -1 : 1;
  }
  return 0;
}
