import { Get, Param, Query } from '@nestjs/common';
import type { z } from 'zod';
import { ProblemError } from '#platform/http/problemError';
import { unit, units } from '#projections/units/queries';
import { Asking } from '../asking/asking.ts';
import { LedgerRoutes, ledgerParameter } from '../asking/ledgerRoutes.ts';
import { id, inTime, paging, parameters } from '../asking/parameters.ts';
import { ParseQuery } from '../asking/parseQuery.pipe.ts';
import { notFound } from '../asking/refusals.ts';
import { Asks } from '../docs/asks.ts';
import { accountFilter } from './holdings.controller.ts';

const List = parameters({ ...accountFilter, ...paging, ...inTime });
const One = parameters({ item: id('The item, where several number their units alike.'), ...inTime });

const SERIAL = /^[\x21-\x7e]{1,64}$/;

@LedgerRoutes('units')
export class UnitsController {
  constructor(private readonly asking: Asking) {}

  @Get()
  @Asks({
    summary: 'Units with serial numbers, and where each is',
    description: 'In any stage, also lost, returned or scrapped: a unit is known by its number for ever.',
    path: { ledger: ledgerParameter },
    parameters: List,
    listOf: 'Unit',
  })
  list(@Param('ledger') ledger: string, @Query(new ParseQuery(List)) asked: z.infer<typeof List>) {
    return this.asking.list(ledger, asked, (model) => units(model, asked));
  }

  @Get(':id')
  @Asks({
    summary: 'A unit by its serial number, and where it is',
    path: { ledger: ledgerParameter, id: ['The serial number', 'H100-000001'] },
    parameters: One,
    answer: 'Unit',
  })
  one(
    @Param('ledger') ledger: string,
    @Param('id') serial: string,
    @Query(new ParseQuery(One)) asked: z.infer<typeof One>,
  ) {
    if (!SERIAL.test(serial)) throw notFound('there is no unit with this serial number');
    return this.asking.one(ledger, asked, { name: `unit ${serial}` }, async (model) => {
      const found = await unit(model, serial, asked.item);
      if (found.length > 1) throw ambiguous(found.map(({ item }) => item));
      return found[0];
    });
  }
}

function ambiguous(items: readonly string[]): ProblemError {
  const detail = `several items have a unit with this serial number: name one of ${items.join(', ')}`;
  return new ProblemError(400, 'malformed', detail, { errors: [{ pointer: '/item', detail }], facts: { items } });
}
