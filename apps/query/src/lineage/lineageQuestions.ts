import { Serial } from '#contracts/serials';
import { accountFilter, accounts } from '../asking/parameters.ts';
import { list, type Question } from '../questions/question.ts';
import { lineage } from './lineage.ts';

/** Questions about where units came from, and who had them when. */
export const lineageQuestions = {
  'holdings.lineage': list({
    path: 'holdings/lineage',
    summary: 'Where units came from: the events that brought them where they are, and on whose authority',
    description:
      'A row is one account, and its branches are the ways on which its units came; their quantities sum to its balance. Units that are tracked by quantity ' +
      'leave an account first in, first out, by when their owner got them, as the legs of swaps do; units with serial numbers are followed by these. A page has ' +
      '100 rows at most, and fewer where their ways are long. Events that a party’s key may not read are left out of its answers (`withheld`). Of a line with ' +
      'more than 2,000 events the ways are not followed (`partial`): ask by serial number, or for `holdings/postings`.',
    parameters: {
      ...accountFilter,
      accounts,
      serial: Serial.optional().describe('Only the unit with this serial number.'),
    },
    row: 'Lineage',
    read: lineage,
  }),
} satisfies Record<string, Question>;
