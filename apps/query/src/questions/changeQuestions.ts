import { z } from 'zod';
import { HoldingKey } from '#contracts/rows';
import { holdingsDiff, holdingsHistory } from '#projections/holdings/changes';
import { clockOf } from '#projections/reading/readModel';
import { swap } from '#projections/swaps/queries';
import { malformed } from '../asking/problems.ts';
import { accountFilter, accounts, inTime, oneOrMore } from '../asking/parameters.ts';
import { list, type Question } from './question.ts';

const series = {
  axis: z.enum(['at', 'known']).optional().describe('Along which time: `at` unless told.'),
  by: z.enum(['change', 'day', 'week', 'month']).optional().describe('Every `change` unless told.'),
};

/** Questions about what changed, and when. */
export const changeQuestions = {
  'holdings.diff': list({
    path: 'holdings/diff',
    summary: 'What changed between two moments, and the events that changed it',
    description:
      'From (`from-at`, `from-known`) to (`at`, `known`); what is left out of the first is as in the second. So `from-known=17&at=2023-12-31` says what was ' +
      'believed about 31 December when the ledger was at 17, what is believed about it now, and which events came late. Only rows that changed.',
    parameters: {
      ...accountFilter,
      accounts,
      groupBy: oneOrMore(HoldingKey).optional().describe('Sums by these keys: the rows have them and no others.'),
      'from-at': inTime.at.describe('As `at`, of the first moment.').meta({ example: '2023-12-30' }),
      'from-known': inTime.known.describe('As `known`, of the first moment.').meta({ example: '5' }),
    },
    row: 'HoldingDiff',
    past: true,
    // Both moments are resolved before.
    read: (model, asked) => holdingsDiff(model, asked as Parameters<typeof holdingsDiff>[1]),
  }),
  'holdings.history': list({
    path: 'holdings/history',
    summary: 'A balance as a series, on either axis of time',
    description:
      'The sum of all accounts that the filter takes: every change of it, or what it was at the end of each day, week (from Monday) or month in UTC, from the first ' +
      'change to the last. Along `axis=at` it is by when things occurred, as known at `known`; along `axis=known` it is by when they were recorded, about `at`.',
    parameters: {
      ...accountFilter,
      accounts,
      ...series,
      'from-at': inTime.at
        .describe('Along `axis=at`: only what changed after it. The first row says what there was before, too.')
        .meta({ example: '2023-12-30' }),
      'from-known': inTime.known
        .describe('Along `axis=known`: only what was recorded after it. The first row says what there was before, too.')
        .meta({ example: '5' }),
    },
    row: 'HoldingHistory',
    past: true,
    read: (model, asked) => {
      const { axis = 'at' } = asked;
      const other = axis === 'at' ? 'from-known' : 'from-at';
      if (asked[other] !== undefined)
        throw malformed([
          { pointer: `/${other}`, detail: `along axis=${axis} a series begins at "from-${axis}": write that` },
        ]);
      return holdingsHistory(model, asked as Parameters<typeof holdingsHistory>[1]);
    },
  }),
  'swaps.history': list({
    path: 'swaps/:id/history',
    summary: 'What is owed under a swap as a series, on either axis of time',
    description:
      'From its execution on: every change of what the parties gave and received, or the balance at the end of each day, week (from Monday) or month in UTC, up to the last ' +
      'change, and for as long as units are owed up to the moment that is asked about, since unit-days go on. Along `axis=at` a row is what `swaps/{swap}?at=` of its `moment` says, as ' +
      'known at `known`; along `axis=known` what `known=` of its event says about `at`. Such an answer stands on all events of the orders of its legs, 5,000 at most.',
    id: { what: 'swap', description: 'The swap', example: 'SW-1' },
    parameters: series,
    row: 'ExchangeHistory',
    fold: 'exchange',
    series: true,
    // The last step of it.
    read: async (model, _, id) => {
      const found = await swap(model, id);
      return found && { data: [{ moment: clockOf(model), sequence: null, balance: found.balance }], next: null };
    },
  }),
} satisfies Record<string, Question>;
