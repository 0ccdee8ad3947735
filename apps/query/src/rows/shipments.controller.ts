import { Get, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { shipment, shipments } from '#projections/shipments/queries';
import { Asking } from '../asking/asking.ts';
import { LedgerRoutes, ledgerParameter } from '../asking/ledgerRoutes.ts';
import { id as idOf, inTime, paging, parameters } from '../asking/parameters.ts';
import { ParseQuery } from '../asking/parseQuery.pipe.ts';
import { pathId } from '../asking/pathId.ts';
import { Asks } from '../docs/asks.ts';

const List = parameters({
  consignee: idOf('Who it is for.'),
  carrier: idOf('Who carries it.'),
  order: idOf('Shipments with units of this order.'),
  item: idOf('Shipments with this item.'),
  owner: idOf('Shipments with units of this party.'),
  ...paging,
  ...inTime,
});
const One = parameters(inTime);

@LedgerRoutes('shipments')
export class ShipmentsController {
  constructor(private readonly asking: Asking) {}

  @Get()
  @Asks({
    summary: 'Shipments: sent, arrived, still on the way',
    path: { ledger: ledgerParameter },
    parameters: List,
    listOf: 'Shipment',
  })
  list(@Param('ledger') ledger: string, @Query(new ParseQuery(List)) asked: z.infer<typeof List>) {
    return this.asking.list(ledger, asked, (model) => shipments(model, asked));
  }

  @Get(':id')
  @Asks({
    summary: 'A shipment: sent, arrived, still on the way',
    path: { ledger: ledgerParameter, id: ['The shipment', 'S-1'] },
    parameters: One,
    answer: 'Shipment',
    versioned: true,
  })
  one(
    @Param('ledger') ledger: string,
    @Param('id', pathId('shipment')) id: string,
    @Query(new ParseQuery(One)) asked: z.infer<typeof One>,
  ) {
    return this.asking.one(ledger, asked, { name: `shipment ${id}`, entity: `shipment/${id}` }, (model) =>
      shipment(model, id),
    );
  }
}
