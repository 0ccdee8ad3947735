import { Get, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { FlagRow, FlagRule } from '#contracts/rows';
import { flag, flags } from '#projections/flags/queries';
import { Asking } from '../asking/asking.ts';
import { LedgerRoutes, ledgerParameter } from '../asking/ledgerRoutes.ts';
import { id as idOf, inTime, paging, parameters } from '../asking/parameters.ts';
import { ParseQuery } from '../asking/parseQuery.pipe.ts';
import { pathId } from '../asking/pathId.ts';
import { Asks } from '../docs/asks.ts';

const List = parameters({
  rule: FlagRule.optional(),
  party: idOf('Flags about this party.'),
  item: idOf('Flags about this item.'),
  ...paging,
  ...inTime,
});
const One = parameters(inTime);

@LedgerRoutes('flags')
export class FlagsController {
  constructor(private readonly asking: Asking) {}

  @Get()
  @Asks({
    summary: 'What needs a look, and the events that raised it',
    path: { ledger: ledgerParameter },
    parameters: List,
    listOf: 'Flag',
  })
  list(@Param('ledger') ledger: string, @Query(new ParseQuery(List)) asked: z.infer<typeof List>) {
    return this.asking.list(ledger, asked, (model) => flags(model, asked, new Date()));
  }

  @Get(':id')
  @Asks({
    summary: 'A flag',
    path: { ledger: ledgerParameter, id: ['The flag', String(FlagRow.shape.flag.meta()?.example)] },
    parameters: One,
    answer: 'Flag',
  })
  one(
    @Param('ledger') ledger: string,
    @Param('id', pathId('flag')) id: string,
    @Query(new ParseQuery(One)) asked: z.infer<typeof One>,
  ) {
    return this.asking.one(ledger, asked, { name: `flag ${id}` }, (model) => flag(model, id, new Date()));
  }
}
