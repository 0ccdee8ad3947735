import { Get, Param, Query } from '@nestjs/common';
import type { z } from 'zod';
import { activity } from '#projections/activity/queries';
import { Asking } from '../asking/asking.ts';
import { LedgerRoutes, ledgerParameter } from '../asking/ledgerRoutes.ts';
import { id, inTime, paging, parameters } from '../asking/parameters.ts';
import { ParseQuery } from '../asking/parseQuery.pipe.ts';
import { eventFilter } from '../events/eventFilter.ts';
import { Asks } from '../docs/asks.ts';

const List = parameters({
  type: eventFilter.type,
  subject: eventFilter.subject,
  party: id('Events that name this party.'),
  item: id('Events that move this item.'),
  ...paging,
  ...inTime,
});

@LedgerRoutes('activity')
export class ActivityController {
  constructor(private readonly asking: Asking) {}

  @Get()
  @Asks({
    summary: 'What happened, the newest first',
    path: { ledger: ledgerParameter },
    parameters: List,
    listOf: 'Activity',
  })
  list(@Param('ledger') ledger: string, @Query(new ParseQuery(List)) asked: z.infer<typeof List>) {
    return this.asking.list(ledger, asked, (model) => activity(model, asked));
  }
}
