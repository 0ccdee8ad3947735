import { z } from 'zod';
import { ReasonCode } from '#contracts/reasonCodes';
import { FlagRow, FlagRule } from '#contracts/flagRows';
import { HoldStatus } from '#contracts/holdRows';
import { HoldingKey, SwapStatus } from '#contracts/rows';
import { Serial } from '#contracts/serials';
import { activity, reasons } from '#projections/activity/queries';
import { flag, flags } from '#projections/flags/queries';
import { holdings } from '#projections/holdings/queries';
import { holdingsThen } from '#projections/holdings/then';
import { available, hold, holds } from '#projections/holds/queries';
import { item, items } from '#projections/items/queries';
import { order, orders } from '#projections/orders/queries';
import { parties, party } from '#projections/parties/queries';
import { postings } from '#projections/postings/queries';
import { queue } from '#projections/queue/queries';
import { shipment, shipments } from '#projections/shipments/queries';
import { supply } from '#projections/supply/queries';
import { swap, swaps } from '#projections/swaps/queries';
import { units } from '#projections/units/queries';
import { accountFilter, accounts, days, id, numeral, oneOrMore, someEvents, yesOrNo } from '../asking/parameters.ts';
import { eventFilter } from '../events/eventFilter.ts';
import { lineageQuestions } from '../lineage/lineageQuestions.ts';
import { oneUnit } from '../lineage/oneUnit.ts';
import { changeQuestions } from './changeQuestions.ts';
import { list, one, type Question } from './question.ts';

const anItem = { what: 'item', description: 'The item', example: 'H100' };

/** Every question about a ledger's read models, by name. Adding a row here adds the route and its documentation. */
export const questions = {
  'holdings.list': list({
    path: 'holdings',
    summary: 'Who holds which hardware, and who is promised it',
    description:
      'Without `groupBy` a row is one account; with it, the balance of a group of accounts. Of one `order` a page has 1,000 rows unless told. All pages of a walk are of the sequence of its first page, whatever moves in between: their sum is a sum. What is on hold is not in the rows: a hold leaves open which account its units are on; see `available`, `holds` and the lines of orders.',
    parameters: {
      ...accountFilter,
      accounts,
      groupBy: oneOrMore(HoldingKey).optional().describe('Sums by these keys: the rows have them and no others.'),
    },
    row: 'Holding',
    past: true,
    read: holdings,
    readPast: holdingsThen,
  }),
  'holdings.postings': list({
    path: 'holdings/postings',
    summary: 'The journal lines behind a balance: why the number is what it is',
    parameters: { ...accountFilter, accounts },
    row: 'Posting',
    past: true,
    read: postings,
  }),
  ...lineageQuestions,
  ...changeQuestions,
  'available.list': list({
    path: 'available',
    summary: 'What each owner may promise: what is there less what is on hold',
    description: 'An owner and an item a row. What holds units of an order line is in the line of the order.',
    parameters: { owner: accountFilter.owner, item: accountFilter.item },
    row: 'Available',
    fold: 'available',
    read: available,
  }),
  'holds.list': list({
    path: 'holds',
    summary: 'Units that are kept for a purpose',
    description: 'What accepted swaps hold is in the swaps, and in the lines of orders.',
    parameters: {
      owner: accountFilter.owner,
      item: id('Holds of units of this item.'),
      order: id('Holds of units of this order.'),
      status: HoldStatus.optional(),
    },
    row: 'Hold',
    fold: 'hold',
    read: holds,
  }),
  'holds.one': one({
    path: 'holds/:id',
    summary: 'A hold: units that are kept for a purpose',
    id: { what: 'hold', description: 'The hold', example: 'H-2' },
    row: 'Hold',
    fold: 'hold',
    versioned: true,
    read: hold,
  }),
  'parties.list': list({
    path: 'parties',
    summary: 'Companies: what each owns, and what is owed to it',
    parameters: {
      role: z.enum(['supplier', 'customer', 'carrier']).optional(),
      controlledBy: id('Who controls it.'),
    },
    row: 'Party',
    fold: 'party',
    read: parties,
  }),
  'parties.one': one({
    path: 'parties/:id',
    summary: 'A party: what it owns, and what is owed to it',
    id: { what: 'party', description: 'The party', example: 'tesla' },
    row: 'Party',
    fold: 'party',
    versioned: true,
    read: party,
  }),
  'items.list': list({
    path: 'items',
    summary: 'Products, and what there is of each',
    parameters: {},
    row: 'Item',
    fold: 'item',
    read: items,
  }),
  'items.one': one({
    path: 'items/:id',
    summary: 'A product, and what there is of it',
    id: anItem,
    row: 'Item',
    fold: 'item',
    versioned: true,
    read: item,
  }),
  'items.queue': list({
    path: 'items/:id/queue',
    summary: 'Who waits for an item, in turn',
    description:
      'By the window that the supplier is held to (promised, else ordered), then by the sequence at which the order was placed.',
    id: anItem,
    parameters: { owner: id('Whose place it is now.'), buyer: id('Who ordered.') },
    row: 'QueuePlace',
    fold: 'queue',
    read: async (model, asked, id) => ((await item(model, id)) === undefined ? undefined : queue(model, id, asked)),
  }),
  'items.supply': list({
    path: 'items/:id/supply',
    summary: 'What suppliers promised of an item, against what they committed to, period by period',
    description:
      'By supplier, then by the end of the period. A line counts in the period in which the window ends that its supplier is held to. ' +
      'Where nothing is committed, lines that are not all sent are rows by that window. What is promised, committed and allocated: docs/events.md.',
    id: anItem,
    parameters: {
      supplier: id('Who supplies.'),
      ends: days
        .describe('Periods that end on this day, or from one day to another: `2023-12-01/2023-12-31`, `2024-01-01/..`.')
        .meta({ example: '2023-12-31' }),
    },
    row: 'Supply',
    fold: 'supply',
    read: async (model, asked, id) => ((await item(model, id)) === undefined ? undefined : supply(model, id, asked)),
  }),
  'orders.list': list({
    path: 'orders',
    summary: 'Orders, and where the units of each line are',
    parameters: {
      buyer: id('Who ordered.'),
      supplier: id('Who sells.'),
      item: id('Orders with a line of this item.'),
      owner: id('Orders of which this party owns units now.'),
      party: id('Orders that this party placed or supplies, or of which it owns units now.'),
      late: yesOrNo.describe(
        'Orders with units that are still awaited after the window of their line, promised or else ordered; `false`: all others.',
      ),
    },
    row: 'Order',
    fold: 'order',
    read: orders,
  }),
  'orders.one': one({
    path: 'orders/:id',
    summary: 'An order, and where the units of each line are',
    id: { what: 'order', description: 'The order', example: 'PO-TSLA-1' },
    row: 'Order',
    fold: 'order',
    versioned: true,
    read: order,
  }),
  'shipments.list': list({
    path: 'shipments',
    summary: 'Shipments: sent, arrived, still on the way',
    parameters: {
      consignee: id('Who it is for.'),
      carrier: id('Who carries it.'),
      order: id('Shipments with units of this order.'),
      item: id('Shipments with this item.'),
      owner: id('Shipments with units of this party.'),
      party: id('Shipments that this party gets, carries or supplies, or with units of its own.'),
      late: yesOrNo.describe(
        'Shipments with units that are still awaited after the day of their `eta`; `false`: all others.',
      ),
      eta: days
        .describe('Expected on this day, or from one day to another: `2023-12-01/2023-12-31`, `../2023-12-31`.')
        .meta({ example: '2023-12-28' }),
    },
    row: 'Shipment',
    fold: 'shipment',
    read: shipments,
  }),
  'shipments.one': one({
    path: 'shipments/:id',
    summary: 'A shipment: sent, arrived, still on the way',
    id: { what: 'shipment', description: 'The shipment', example: 'S-1' },
    row: 'Shipment',
    fold: 'shipment',
    versioned: true,
    read: shipment,
  }),
  'swaps.list': list({
    path: 'swaps',
    summary: 'Swaps, with what is owed under each',
    parameters: { party: id('Swaps in which it gives or receives.'), status: SwapStatus.optional() },
    row: 'Swap',
    fold: 'swap',
    read: swaps,
  }),
  'swaps.one': one({
    path: 'swaps/:id',
    summary: 'A swap, with its legs and its exchange balance',
    id: { what: 'swap', description: 'The swap', example: 'SW-1' },
    row: 'Swap',
    fold: 'swap',
    versioned: true,
    read: swap,
  }),
  'units.list': list({
    path: 'units',
    summary: 'Units with serial numbers, and where each is',
    description: 'In any stage, also lost, returned or scrapped: a unit is known by its number for ever.',
    parameters: accountFilter,
    row: 'Unit',
    fold: 'unit',
    read: units,
  }),
  'units.one': one({
    path: 'units/:id',
    summary: 'A unit by its serial number, and where it is',
    id: { what: 'unit', description: 'The serial number', example: 'GB200-000001', text: Serial },
    parameters: { item: id('The item, where several number their units alike.') },
    row: 'Unit',
    fold: 'unit',
    read: (model, serial, asked) => oneUnit(model, serial, asked.item),
  }),
  'flags.list': list({
    path: 'flags',
    summary: 'What needs a look, and the events that raised it',
    parameters: {
      rule: FlagRule.optional(),
      party: id('Flags about this party.'),
      item: id('Flags about this item.'),
    },
    row: 'Flag',
    fold: 'flag',
    read: flags,
  }),
  'flags.one': one({
    path: 'flags/:id',
    summary: 'A flag',
    id: { what: 'flag', composed: true, description: 'The flag', example: String(FlagRow.shape.flag.meta()?.example) },
    row: 'Flag',
    fold: 'flag',
    read: flag,
  }),
  'activity.list': list({
    path: 'activity',
    summary: 'What happened, the newest first',
    parameters: {
      ...eventFilter,
      party: id('Events that name this party.'),
      item: id('Events that move this item.'),
      reasonCode: ReasonCode.optional().describe('Events that were submitted with this reason code.'),
      every: numeral(2, Number.MAX_SAFE_INTEGER)
        .optional()
        .describe(
          'A sample of the whole ledger: of each so many sequences that follow each other the newest event, of a party the newest that concerns it. What else is asked for is looked for among these.',
        )
        .meta({ example: 1000 }),
      ...someEvents,
    },
    row: 'Activity',
    past: true,
    read: activity,
  }),
  'activity.reasons': list({
    path: 'activity/reasons',
    summary: 'Why it happened: how many events there are of each reason code and type',
    description: 'Events without a `reasonCode` are not counted. `activity?reasonCode=` has the events themselves.',
    parameters: {
      reasonCode: ReasonCode.optional().describe('Only of this reason code.'),
      type: eventFilter.type,
    },
    row: 'Reason',
    past: true,
    read: reasons,
  }),
} satisfies Record<string, Question>;

export type QuestionName = keyof typeof questions;
