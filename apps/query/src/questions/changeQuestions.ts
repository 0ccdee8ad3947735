import { z } from 'zod';
import { HoldingKey } from '#contracts/rows';
import { holdingsDiff, holdingsHistory } from '#projections/holdings/changes';
import { accountFilter, accounts, inTime, oneOrMore } from '../asking/parameters.ts';
import { list, type Question } from './question.ts';

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
      axis: z.enum(['at', 'known']).optional().describe('Along which time: `at` unless told.'),
      by: z.enum(['change', 'day', 'week', 'month']).optional().describe('Every `change` unless told.'),
    },
    row: 'HoldingHistory',
    past: true,
    read: holdingsHistory,
  }),
} satisfies Record<string, Question>;
