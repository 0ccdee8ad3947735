import { describe, expect, it } from 'vitest';
import type { Submitted } from '#contracts/catalog';
import { december, january, june, of, placed, tell } from '#test/ledger/facts';
import { given, type Story } from '#test/ledger/story';
import { entityOf } from '../view.ts';

type Line = Submitted<'lading.order.confirmed.v1'>['lines'][number];
const confirmed = (...lines: (Partial<Line> & Pick<Line, 'code'>)[]) =>
  tell('order.confirmed', { order: 'PO-1', lines: lines.map((line, at) => ({ line: String(at + 1), ...line })) });
const changed = (rest: Partial<Submitted<'lading.order.line_changed.v1'>>) =>
  tell('order.line_changed', { ...of('PO-1', '1'), initiator: 'buyer', ...rest });
const promised = ({ ledger }: Story, line = 0) => entityOf(ledger, 'order', 'PO-1')?.lines[line]?.promised;

describe('a supplier confirms an order', () => {
  it('the event says what was ordered then; an accepted line is promised as ordered, what is left out too', () => {
    const story = given(placed('PO-1', 'tesla', 100, 50));
    expect(story.take(confirmed({ code: 'accepted' }, { code: 'changed', quantity: 40 }))).toMatchObject({
      lines: [
        { line: '1', item: 'H100', quantity: 100, window: december, ordered: { quantity: 100, window: december } },
        { line: '2', item: 'H100', quantity: 40, window: december, ordered: { quantity: 50, window: december } },
      ],
    });
    expect(promised(story)).toMatchObject({ code: 'accepted', quantity: 100, window: december });
    expect(promised(story, 1)).toMatchObject({ code: 'changed', quantity: 40, window: december });
  });

  it('a backordered line may have no window yet, and of a rejected one nothing is promised, whatever it repeats', () => {
    const story = given(placed('PO-1', 'tesla', 100, 50));
    story.take(confirmed({ code: 'backordered' }, { code: 'rejected', quantity: 50, window: december }));
    expect(promised(story)).toMatchObject({ code: 'backordered', quantity: 100 });
    expect(promised(story)?.window).toBeUndefined();
    expect(promised(story, 1)).toMatchObject({ code: 'rejected', quantity: 0 });
    expect(promised(story, 1)?.window).toBeUndefined();
    expect(story.units()).toEqual(['tesla@nvidia ordered PO-1/1: 100', 'tesla@nvidia ordered PO-1/2: 50']);
  });

  it('a part of a line is not rejected by itself: the refusal says how to promise the rest', () => {
    const story = given(placed('PO-1', 'tesla', 100));
    const refusal = story.refusal(confirmed({ code: 'rejected', quantity: 40 }));
    expect(refusal).toMatchObject({ code: 'not-supported', facts: { line: '1', quantity: 40, ordered: 100 } });
    expect(refusal.detail).toContain('60 units');
  });

  it('the newest confirmation by occurrence is the promise, and an older one is refused with the newer', () => {
    const story = given(placed('PO-1', 'tesla', 100));
    story.take(confirmed({ code: 'changed', window: june }), '2023-12-01T12:02:00Z');
    expect(story.refusal(confirmed({ code: 'accepted' }), '2023-12-01T12:01:00Z')).toMatchObject({
      code: 'overtaken',
      facts: { order: 'PO-1', line: '1', overtaken: [{ value: 'promise' }], notBefore: '2023-12-01T12:02:00Z' },
    });
    story.take(confirmed({ code: 'changed', window: january }), '2023-12-01T12:02:00Z');
    expect(promised(story)).toMatchObject({ window: january });
  });

  it('a confirmation is of what was ordered then: a window that was ordered later overtakes it, a quantity does not', () => {
    const story = given(placed('PO-1', 'tesla', 100));
    story.take(changed({ quantity: 90 }), '2023-12-01T12:02:00Z');
    story.take(confirmed({ code: 'accepted' }), '2023-12-01T12:01:00Z');
    story.take(changed({ window: january }), '2023-12-01T12:04:00Z');
    expect(story.refusal(confirmed({ code: 'accepted' }), '2023-12-01T12:03:00Z')).toMatchObject({
      code: 'overtaken',
      facts: { overtaken: [{ value: 'window' }] },
    });
    story.take(confirmed({ code: 'accepted' }), '2023-12-01T12:04:00Z');
    expect(promised(story)).toMatchObject({ quantity: 90, window: january });
  });
});
