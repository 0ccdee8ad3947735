import { describe, expect, it } from 'vitest';
import { MAX_BALANCE } from '#ledger/account';
import { dispatched, of, placed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';
import { findLine, type FoundLine } from '../order/line.ts';
import { book } from './book.ts';

describe('what an event draws', () => {
  const story = given(placed('PO-1', 'tesla', 10));
  const line = findLine(story.ledger, of('PO-1', '1')) as FoundLine;
  const tesla = { owner: 'tesla', custodian: 'nvidia', stage: 'ordered' } as const;
  const x = { ...tesla, owner: 'x' } as const;

  it('each draw is checked against the balances before the event: no draw spends what another brings', () => {
    const there = { line, from: tesla, to: x, quantity: 10 };
    const back = { line, from: x, to: tesla, quantity: 1 };
    expect(book(story.ledger, [there])).toMatchObject([{ quantity: 10, from: tesla, to: x }]);
    for (const draws of [
      [there, back],
      [back, there],
    ]) {
      expect(book(story.ledger, draws)).toMatchObject({
        code: 'insufficient-quantity',
        facts: { owner: 'x', asked: 1, available: 0 },
      });
    }
  });

  it('draws are summed for each account, and answered as one move for each draw, in their order', () => {
    const part = (quantity: number) => ({ line, from: tesla, to: x, quantity });
    expect(book(story.ledger, [part(3), part(7)])).toMatchObject([{ quantity: 3 }, { quantity: 7 }]);
    expect(book(story.ledger, [part(3), part(8)])).toMatchObject({ facts: { asked: 11, available: 10 } });
  });
});

describe('an account', () => {
  it('an account takes 2,147,483,647 units and not one more, so that it fits the integers of every reader', () => {
    const one = of('PO-1', '1');
    const story = given(placed('PO-1', 'tesla', MAX_BALANCE), dispatched('S-1', [{ ...one, quantity: MAX_BALANCE }]));
    story.take(received('S-1', 'tesla', [{ ...one, received: MAX_BALANCE }]));
    const surplus = received('S-1', 'tesla', [{ ...one, received: 0, surplus: 1 }]);
    expect(story.refusal(surplus)).toMatchObject({
      code: 'insufficient-quantity',
      facts: { order: 'PO-1', line: '1', stage: 'supply', asked: 1, available: 0, most: MAX_BALANCE },
    });
  });

  it('an account is not overrun by ordering and cancelling for ever', () => {
    const one = of('PO-1', '1');
    const story = given(placed('PO-1', 'tesla', MAX_BALANCE));
    story.take(tell('order.line_cancelled', { ...one, initiator: 'buyer' }));
    const again = tell('order.line_changed', { ...one, initiator: 'buyer', quantity: 1 });
    expect(story.refusal(again)).toMatchObject({ code: 'insufficient-quantity', facts: { most: MAX_BALANCE } });
  });
});
