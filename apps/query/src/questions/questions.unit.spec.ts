import { describe, expect, it } from 'vitest';
import { Ask } from './ask.handler.ts';
import type { Question } from './question.ts';
import { questions } from './questions.ts';

describe('the table of questions', () => {
  const rows: [string, Question][] = Object.entries(questions);

  it.each(rows)('%s has an id in its path exactly if it says what the id names', (_, { path, id }) => {
    expect(path.includes(':id')).toBe(id !== undefined);
  });

  it.each(rows)('%s answers with the version of a stream only if it is about one thing', (_, { answer, versioned }) => {
    if (versioned === true) expect(answer).toBe('row');
  });

  it('the message of a question carries data only: a copy of it asks the same', () => {
    const ask = new Ask('holdings.list', 'nvidia', { owner: 'tesla', groupBy: ['item'], limit: 5 }, '', 'tesla');
    expect(structuredClone(ask)).toEqual({
      question: 'holdings.list',
      ledger: 'nvidia',
      parameters: { owner: 'tesla', groupBy: ['item'], limit: 5 },
      id: '',
      party: 'tesla',
    });
  });
});
