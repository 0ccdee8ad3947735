import { describe, expect, it } from 'vitest';
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
  it('a count of less than the books have moves the missing units into the count account', () => {
    const story = given(...atX);
    expect(story.take(counted({ ...one, observed: 98 }))).toMatchObject({
      lines: [{ owner: 'tesla', item: 'H100', observed: 98, expected: 100, difference: -2 }],
      moves: [{ quantity: 2, from: { stage: 'held' }, to: { owner: 'tesla', custodian: 'x', stage: 'count' } }],
    });
  });

  it('a count of more adds the found units, also where the books had none, and the count account goes below zero', () => {
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

  it('a count that finds one line as expected and another not moves only the other', () => {
    const story = given(...atX);
    const data = story.take(counted({ ...one, observed: 100 }, { ...two, owner: 'tesla', observed: 1 }));
    expect(data).toMatchObject({ lines: [{ difference: 0 }, { difference: 1 }], moves: [{ line: '2', quantity: 1 }] });
  });

  it('a count that finds everything as expected is rejected, because there is nothing to adjust', () => {
    const story = given(...atX);
    const same = counted({ ...one, observed: 100 }, { ...two, owner: 'tesla', observed: 0 });
    expect(story.refusal(same)).toMatchObject({ code: 'nothing-to-do', facts: { custodian: 'x' } });
  });

  it('a count must name the owner where no owner, or more than one, holds units', () => {
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

  it('a count counts the units of one owner and line once', () => {
    const twice = counted({ ...one, observed: 50 }, { ...one, owner: 'tesla', observed: 50 });
    expect(given(...atX).refusal(twice)).toMatchObject({
      code: 'already-exists',
      facts: { order: 'PO-1', line: '1', owner: 'tesla', custodian: 'x' },
    });
  });
});
