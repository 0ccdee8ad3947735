import { Get, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { queue } from '#projections/queue/queries';
import { item, items } from '#projections/items/queries';
import { Asking } from '../asking/asking.ts';
import { LedgerRoutes, ledgerParameter } from '../asking/ledgerRoutes.ts';
import { id as idOf, inTime, paging, parameters } from '../asking/parameters.ts';
import { ParseQuery } from '../asking/parseQuery.pipe.ts';
import { pathId } from '../asking/pathId.ts';
import { notFound } from '../asking/refusals.ts';
import { Asks } from '../docs/asks.ts';

const List = parameters({ ...paging, ...inTime });
const One = parameters(inTime);
const Queue = parameters({
  owner: idOf('Whose place it is now.'),
  buyer: idOf('Who ordered.'),
  ...paging,
  ...inTime,
});

@LedgerRoutes('items')
export class ItemsController {
  constructor(private readonly asking: Asking) {}

  @Get()
  @Asks({
    summary: 'Products, and what there is of each',
    path: { ledger: ledgerParameter },
    parameters: List,
    listOf: 'Item',
  })
  list(@Param('ledger') ledger: string, @Query(new ParseQuery(List)) asked: z.infer<typeof List>) {
    return this.asking.list(ledger, asked, (model) => items(model, asked));
  }

  @Get(':id')
  @Asks({
    summary: 'A product, and what there is of it',
    path: { ledger: ledgerParameter, id: ['The item', 'H100'] },
    parameters: One,
    answer: 'Item',
    versioned: true,
  })
  one(
    @Param('ledger') ledger: string,
    @Param('id', pathId('item')) id: string,
    @Query(new ParseQuery(One)) asked: z.infer<typeof One>,
  ) {
    return this.asking.one(ledger, asked, { name: `item ${id}`, entity: `item/${id}` }, (model) => item(model, id));
  }

  @Get(':id/queue')
  @Asks({
    summary: 'Who waits for an item, in turn',
    description: 'By delivery window, then by the sequence at which the order was placed.',
    path: { ledger: ledgerParameter, id: ['The item', 'H100'] },
    parameters: Queue,
    listOf: 'QueuePlace',
  })
  queue(
    @Param('ledger') ledger: string,
    @Param('id', pathId('item')) id: string,
    @Query(new ParseQuery(Queue)) asked: z.infer<typeof Queue>,
  ) {
    return this.asking.list(ledger, asked, async (model) => {
      if ((await item(model, id)) === undefined) throw notFound(`the ledger ${ledger} has no item ${id}`, { ledger });
      return queue(model, id, asked);
    });
  }
}
