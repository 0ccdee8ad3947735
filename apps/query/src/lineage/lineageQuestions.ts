import { PartiesStage } from '#contracts/scalars';
import { Serial } from '#contracts/serials';
import { TenureRole } from '#contracts/tenureRows';
import { accountFilter, accounts } from '../asking/parameters.ts';
import { list, type Question } from '../questions/question.ts';
import { lineage } from './lineage.ts';
import { partyTenure, unitTenure } from './tenure.ts';

/** Questions about where units came from, and who had them when. */
export const lineageQuestions = {
  'holdings.lineage': list({
    path: 'holdings/lineage',
    summary: 'Where units came from: the events that brought them where they are, and on whose authority',
    description:
      'A row is one account, and its branches are the ways on which its units came; their quantities sum to its balance. Units that are tracked by quantity ' +
      'leave an account first in, first out, by when their owner got them, as the legs of swaps do; units with serial numbers are followed by these. A page has ' +
      '100 rows at most, and fewer where their ways are long. Events that a party’s key may not read are left out of its answers (`withheld`). Of a line with ' +
      'more than 5,000 events the ways are not followed (`partial`): ask by serial number, or for `holdings/postings`.',
    parameters: {
      ...accountFilter,
      accounts,
      serial: Serial.optional().describe('Only the unit with this serial number.'),
    },
    row: 'Lineage',
    past: true,
    read: lineage,
  }),
  'units.history': list({
    path: 'units/:item/:id/history',
    summary: 'Who owned a unit, and who had it, from when to when',
    description:
      'In the order in which the ledger was told, each with the events with which it began and ended: when they occurred, and when they were recorded. Before ' +
      'a unit was named, it is what of its order line it was, first in, first out.',
    item: { what: 'item', description: 'The item', example: 'GB200' },
    id: { what: 'unit', description: 'The serial number', example: 'GB200-000001', text: Serial },
    parameters: {},
    row: 'UnitTenure',
    past: true,
    read: (model, asked, serial) => unitTenure(model, asked as typeof asked & { item: string }, serial),
  }),
  'parties.tenure': list({
    path: 'parties/:id/tenure',
    summary: 'What a party had, from when to when, and how many unit-days',
    description:
      'Of each order line and stage, a row for each time in which the party owned units of it, and one for each in which it had them in its hands. Of a party with ' +
      'more than 5,000 events an `order` has to be named.',
    id: { what: 'party', description: 'The party', example: 'tesla' },
    parameters: {
      as: TenureRole.optional().describe('Only what it owned, or only what it had in its hands.'),
      item: accountFilter.item,
      order: accountFilter.order,
      stage: PartiesStage.optional().describe('Where the units were in their life.'),
    },
    row: 'PartyTenure',
    past: true,
    read: partyTenure,
  }),
} satisfies Record<string, Question>;
