import { describe, expect, it } from 'vitest';
import type { Submitted } from '#contracts/catalog';
import { december, january, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

type Committed = Submitted<'lading.supply.committed.v1'>;
const committed = (quantity: number, rest: Partial<Committed> = {}) =>
  tell('supply.committed', { supplier: 'nvidia', item: 'H100', period: january, quantity, ...rest });
const quarter = { from: '2024-01-01', to: '2024-03-31' };

describe('a supplier commits to a quantity of an item in a period', () => {
  it('the newest word about a period stands, by when it occurred; an older one is refused with it', () => {
    const story = given(committed(100));
    expect(story.take(committed(80), '2023-12-01T12:02:00Z')).toMatchObject({ quantity: 80, previous: 100 });
    expect(story.refusal(committed(90), '2023-12-01T12:01:00Z')).toMatchObject({
      code: 'overtaken',
      facts: { supplier: 'nvidia', item: 'H100', period: january, notBefore: '2023-12-01T12:02:00Z' },
    });
    expect(story.take(committed(70), '2023-12-01T12:02:00Z')).toMatchObject({ quantity: 70, previous: 80 });
  });

  it('a period that has days in common with another one is refused with that one, until it is committed to 0', () => {
    const story = given(committed(100));
    expect(story.refusal(committed(300, { period: quarter }))).toMatchObject({
      code: 'already-exists',
      facts: { period: quarter, overlaps: [{ period: january, quantity: 100, sequence: story.ledger.events.length }] },
    });
    expect(story.refusal(committed(0, { period: quarter }))).toMatchObject({ code: 'already-exists' });
    story.take(committed(0));
    story.take(committed(300, { period: quarter }));
    expect(story.refusal(committed(1))).toMatchObject({
      code: 'already-exists',
      facts: { overlaps: [{ quantity: 300 }] },
    });
  });

  it('a late word about a period that was divided since is overtaken', () => {
    const story = given(committed(100));
    story.take(committed(0), '2023-12-01T12:03:00Z');
    expect(story.refusal(committed(300, { period: quarter }), '2023-12-01T12:02:00Z')).toMatchObject({
      code: 'overtaken',
      facts: { committed: [{ period: january, quantity: 0 }] },
    });
  });

  it('another period, item or supplier is a commitment of its own; who is no supplier commits to nothing', () => {
    const story = given(committed(100));
    for (const other of [{ period: december }, { item: 'D1' }, { supplier: 'amd' }])
      expect(story.take(committed(7, other))).not.toHaveProperty('previous');
    expect(story.refusal(committed(1, { supplier: 'dhl' }))).toMatchObject({
      code: 'unknown-party',
      facts: { role: 'supplier' },
    });
  });
});
