import { Get, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { order, orders } from '#projections/orders/queries';
import { Asking } from '../asking/asking.ts';
import { LedgerRoutes, ledgerParameter } from '../asking/ledgerRoutes.ts';
import { id as idOf, inTime, paging, parameters } from '../asking/parameters.ts';
import { ParseQuery } from '../asking/parseQuery.pipe.ts';
import { pathId } from '../asking/pathId.ts';
import { Asks } from '../docs/asks.ts';

const List = parameters({
  buyer: idOf('Who ordered.'),
  supplier: idOf('Who sells.'),
  item: idOf('Orders with a line of this item.'),
  owner: idOf('Orders of which this party owns units now.'),
  ...paging,
  ...inTime,
});
const One = parameters(inTime);

@LedgerRoutes('orders')
export class OrdersController {
  constructor(private readonly asking: Asking) {}

  @Get()
  @Asks({
    summary: 'Orders, and where the units of each line are',
    path: { ledger: ledgerParameter },
    parameters: List,
    listOf: 'Order',
  })
  list(@Param('ledger') ledger: string, @Query(new ParseQuery(List)) asked: z.infer<typeof List>) {
    return this.asking.list(ledger, asked, (model) => orders(model, asked));
  }

  @Get(':id')
  @Asks({
    summary: 'An order, and where the units of each line are',
    path: { ledger: ledgerParameter, id: ['The order', 'PO-TSLA-1'] },
    parameters: One,
    answer: 'Order',
    versioned: true,
  })
  one(
    @Param('ledger') ledger: string,
    @Param('id', pathId('order')) id: string,
    @Query(new ParseQuery(One)) asked: z.infer<typeof One>,
  ) {
    return this.asking.one(ledger, asked, { name: `order ${id}`, entity: `order/${id}` }, (model) => order(model, id));
  }
}
