import { Get, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { SwapStatus } from '#contracts/rows';
import { swap, swaps } from '#projections/swaps/queries';
import { Asking } from '../asking/asking.ts';
import { LedgerRoutes, ledgerParameter } from '../asking/ledgerRoutes.ts';
import { id as idOf, inTime, paging, parameters } from '../asking/parameters.ts';
import { ParseQuery } from '../asking/parseQuery.pipe.ts';
import { pathId } from '../asking/pathId.ts';
import { Asks } from '../docs/asks.ts';

const List = parameters({
  party: idOf('Swaps in which it gives or receives.'),
  status: SwapStatus.optional(),
  ...paging,
  ...inTime,
});
const One = parameters(inTime);

@LedgerRoutes('swaps')
export class SwapsController {
  constructor(private readonly asking: Asking) {}

  @Get()
  @Asks({
    summary: 'Swaps, with what is owed under each',
    path: { ledger: ledgerParameter },
    parameters: List,
    listOf: 'Swap',
  })
  list(@Param('ledger') ledger: string, @Query(new ParseQuery(List)) asked: z.infer<typeof List>) {
    return this.asking.list(ledger, asked, (model) => swaps(model, asked, new Date()));
  }

  @Get(':id')
  @Asks({
    summary: 'A swap, with its legs and its exchange balance',
    path: { ledger: ledgerParameter, id: ['The swap', 'SW-1'] },
    parameters: One,
    answer: 'Swap',
    versioned: true,
  })
  one(
    @Param('ledger') ledger: string,
    @Param('id', pathId('swap')) id: string,
    @Query(new ParseQuery(One)) asked: z.infer<typeof One>,
  ) {
    return this.asking.one(ledger, asked, { name: `swap ${id}`, entity: `swap/${id}` }, (model) =>
      swap(model, id, new Date()),
    );
  }
}
