import { Get, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { HoldingKey } from '#contracts/rows';
import { Stage } from '#contracts/scalars';
import { holdings } from '#projections/holdings/queries';
import { postings } from '#projections/postings/queries';
import { Asking } from '../asking/asking.ts';
import { LedgerRoutes, ledgerParameter } from '../asking/ledgerRoutes.ts';
import { id, inTime, oneOrMore, paging, parameters } from '../asking/parameters.ts';
import { ParseQuery } from '../asking/parseQuery.pipe.ts';
import { Asks } from '../docs/asks.ts';

/** Which accounts. */
export const accountFilter = {
  owner: id('Who is entitled to the units.'),
  custodian: id('Who physically has them.'),
  item: id('The product.'),
  order: id('The order.'),
  line: id('The line of the order.'),
  stage: Stage.optional().describe('Where the units are in their life.'),
  shipment: id('The shipment, while in transit.'),
};

const accounts = z
  .literal('all')
  .optional()
  .describe(
    'Adds what is outside the hands of parties (supply, cancelled, lost …); all together sum to zero per item.',
  );

const Holdings = parameters({
  ...accountFilter,
  accounts,
  groupBy: oneOrMore(HoldingKey).optional().describe('Sums by these keys: the rows have them and no others.'),
  ...paging,
  ...inTime,
});
const Postings = parameters({ ...accountFilter, accounts, ...paging, ...inTime });

@LedgerRoutes('holdings')
export class HoldingsController {
  constructor(private readonly asking: Asking) {}

  @Get()
  @Asks({
    summary: 'Who holds which hardware, and who is promised it',
    description: 'Without `groupBy` a row is one account; with it, the balance of a group of accounts.',
    path: { ledger: ledgerParameter },
    parameters: Holdings,
    listOf: 'Holding',
  })
  list(@Param('ledger') ledger: string, @Query(new ParseQuery(Holdings)) asked: z.infer<typeof Holdings>) {
    return this.asking.list(ledger, asked, (model) => holdings(model, asked));
  }

  @Get('postings')
  @Asks({
    summary: 'The journal lines behind a balance: why the number is what it is',
    path: { ledger: ledgerParameter },
    parameters: Postings,
    listOf: 'Posting',
  })
  postings(@Param('ledger') ledger: string, @Query(new ParseQuery(Postings)) asked: z.infer<typeof Postings>) {
    return this.asking.list(ledger, asked, (model) => postings(model, asked));
  }
}
