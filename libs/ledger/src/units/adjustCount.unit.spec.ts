import { describe, expect, it } from '@jest/globals';
import type { Submitted } from '#contracts/catalog';
import { dispatched, of, placed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

const one = of('PO-1', '1');
const two = of('PO-1', '2');
const counted = (...lines: Submitted<'lading.count.adjusted.v1'>['lines']) =>
  tell('count.adjusted', { custodian: 'x', lines, reason: 'stocktaking' });
const atX = [
  placed('PO-1', 'tesla', 100, 50),
  dispatched('S-1', [{ ...one, quantity: 100 }]),
  received('S-1', 'x', [{ ...one, received: 100 }]),
];

describe('a count', () => {
  it('of less than the books have takes the missing units off, into count', () => {
    const story = given(...atX);
    expect(story.take(counted({ ...one, observed: 98 }))).toMatchObject({
      lines: [{ owner: 'tesla', item: 'H100', observed: 98, expected: 100, difference: -2 }],
      moves: [{ quantity: 2, from: { stage: 'held' }, to: { owner: 'tesla', custodian: 'x', stage: 'count' } }],
    });
  });

  it('of more puts the found units on, also where the books had none, and count goes below zero', () => {
    const story = given(...atX, counted({ ...one, observed: 98 }));
    expect(story.take(counted({ ...one, observed: 101 }, { ...two, owner: 'x', observed: 4 }))).toMatchObject({
      lines: [{ difference: 3 }, { owner: 'x', expected: 0, difference: 4 }],
    });
    expect(story.books()).toEqual(
      expect.arrayContaining([
        'tesla@x count PO-1/1: -1',
        'tesla@x held PO-1/1: 101',
        'x@x count PO-1/2: -4',
        'x@x held PO-1/2: 4',
      ]),
    );
  });

  it('that finds one line as expected and another not moves only the other', () => {
    const story = given(...atX);
    const data = story.take(counted({ ...one, observed: 100 }, { ...two, owner: 'tesla', observed: 1 }));
    expect(data).toMatchObject({ lines: [{ difference: 0 }, { difference: 1 }], moves: [{ line: '2', quantity: 1 }] });
  });

  it('that finds everything as expected has nothing to adjust', () => {
    const story = given(...atX);
    const same = counted({ ...one, observed: 100 }, { ...two, owner: 'tesla', observed: 0 });
    expect(story.refusal(same)).toMatchObject({ code: 'nothing-to-do', facts: { custodian: 'x' } });
  });

  it('must name the owner where nobody, or more than one, holds units', () => {
    const story = given(...atX);
    expect(story.refusal(counted({ ...two, observed: 1 }))).toMatchObject({
      code: 'ambiguous-owner',
      facts: { owners: [] },
    });
    story.take(counted({ ...one, owner: 'xai', observed: 1 }));
    expect(story.refusal(counted({ ...one, observed: 1 }))).toMatchObject({
      code: 'ambiguous-owner',
      facts: { owners: ['tesla', 'xai'] },
    });
  });

  it('counts the units of one owner and line once', () => {
    const twice = counted({ ...one, observed: 50 }, { ...one, owner: 'tesla', observed: 50 });
    expect(given(...atX).refusal(twice)).toMatchObject({
      code: 'already-exists',
      facts: { order: 'PO-1', line: '1', owner: 'tesla', custodian: 'x' },
    });
  });
});
