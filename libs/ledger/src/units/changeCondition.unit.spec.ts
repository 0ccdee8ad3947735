import { describe, expect, it } from 'vitest';
import type { Submitted } from '#contracts/catalog';
import { dispatched, of, placed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

const one = of('PO-1', '1');
const changed = (lines: Submitted<'lading.units.condition_changed.v1'>['lines'], custodian = 'x') =>
  tell('units.condition_changed', { custodian, lines });
const atX = [
  placed('PO-1', 'tesla', 100),
  dispatched('S-1', [{ ...one, quantity: 50 }]),
  received('S-1', 'x', [{ ...one, received: 10, damaged: 2 }]),
];

describe('the condition of units changes after they were received', () => {
  it('units that break are damaged, units that are repaired are held again, with their custodian and their owner’s', () => {
    const story = given(...atX);
    story.take(changed([{ ...one, quantity: 4, to: 'damaged' }]));
    expect(story.units()).toEqual(expect.arrayContaining(['tesla@x damaged PO-1/1: 6', 'tesla@x held PO-1/1: 6']));
    story.take(changed([{ ...one, quantity: 5, to: 'held' }]));
    expect(story.units()).toEqual(expect.arrayContaining(['tesla@x damaged PO-1/1: 1', 'tesla@x held PO-1/1: 11']));
  });

  it('no more units break than are held, lines summed, and no more are repaired than are damaged', () => {
    const story = given(...atX);
    const twice = changed([
      { ...one, quantity: 6, to: 'damaged' },
      { ...one, owner: 'tesla', quantity: 6, to: 'damaged' },
    ]);
    expect(story.refusal(twice)).toMatchObject({ code: 'insufficient-quantity', facts: { asked: 12, available: 10 } });
    expect(story.refusal(changed([{ ...one, quantity: 3, to: 'held' }]))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { stage: 'damaged', asked: 3, available: 2 },
    });
  });

  it('only the custodian’s own units change their condition', () => {
    expect(given(...atX).refusal(changed([{ ...one, quantity: 1, to: 'damaged' }], 'tesla'))).toMatchObject({
      code: 'not-the-custodian',
      facts: { custodians: ['x'] },
    });
  });
});
