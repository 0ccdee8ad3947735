import { Get, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { party, parties } from '#projections/parties/queries';
import { Asking } from '../asking/asking.ts';
import { LedgerRoutes, ledgerParameter } from '../asking/ledgerRoutes.ts';
import { id as idOf, inTime, paging, parameters } from '../asking/parameters.ts';
import { ParseQuery } from '../asking/parseQuery.pipe.ts';
import { pathId } from '../asking/pathId.ts';
import { Asks } from '../docs/asks.ts';

const List = parameters({
  role: z.enum(['supplier', 'customer', 'carrier']).optional(),
  controlledBy: idOf('Who controls it.'),
  ...paging,
  ...inTime,
});
const One = parameters(inTime);

@LedgerRoutes('parties')
export class PartiesController {
  constructor(private readonly asking: Asking) {}

  @Get()
  @Asks({
    summary: 'Companies: what each owns, and what is owed to it',
    path: { ledger: ledgerParameter },
    parameters: List,
    listOf: 'Party',
  })
  list(@Param('ledger') ledger: string, @Query(new ParseQuery(List)) asked: z.infer<typeof List>) {
    return this.asking.list(ledger, asked, (model) => parties(model, asked, new Date()));
  }

  @Get(':id')
  @Asks({
    summary: 'A party: what it owns, and what is owed to it',
    path: { ledger: ledgerParameter, id: ['The party', 'tesla'] },
    parameters: One,
    answer: 'Party',
    versioned: true,
  })
  one(
    @Param('ledger') ledger: string,
    @Param('id', pathId('party')) id: string,
    @Query(new ParseQuery(One)) asked: z.infer<typeof One>,
  ) {
    return this.asking.one(ledger, asked, { name: `party ${id}`, entity: `party/${id}` }, (model) =>
      party(model, id, new Date()),
    );
  }
}
