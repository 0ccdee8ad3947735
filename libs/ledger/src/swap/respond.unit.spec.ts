import { describe, expect, it } from 'vitest';
import { accepted, executed, of, placed, proposed, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

const legs = [
  { from: 'tesla', to: 'x', ...of('PO-T', '1'), quantity: 10 },
  { from: 'x', to: 'tesla', ...of('PO-X', '1'), quantity: 10 },
];
const orders = [placed('PO-T', 'tesla', 100), placed('PO-X', 'x', 60)];
const open = (rest = {}) => given(...orders, proposed('SW-1', 'x', legs, rest));
const step = (name: 'rejected' | 'withdrawn', by: string) => tell(`swap.${name}`, { swap: 'SW-1', by });

describe('a proposed swap', () => {
  it('a swap is accepted once every party has accepted, and the proposer has accepted by proposing', () => {
    const story = open();
    story.take(accepted('SW-1', 'tesla'));
    expect(story.ledger.entity('swap/SW-1')).toMatchObject({ status: 'accepted', accepted: ['x', 'tesla'] });
  });

  it('a swap is accepted by no party twice, and by nobody but its parties', () => {
    const story = open();
    expect(story.refusal(accepted('SW-1', 'x'))).toMatchObject({ code: 'nothing-to-do', facts: { by: 'x' } });
    expect(story.refusal(accepted('SW-1', 'nvidia'))).toMatchObject({
      code: 'not-a-party',
      facts: { by: 'nvidia', parties: ['tesla', 'x'] },
    });
    expect(story.refusal(accepted('SW-9', 'x'))).toMatchObject({ code: 'unknown-swap', facts: { swap: 'SW-9' } });
    expect(story.refusal(accepted('SW-1', 'who'))).toMatchObject({ code: 'unknown-party' });
  });

  it('a swap is rejected for good by any of its parties, also by one that had accepted', () => {
    const story = open();
    story.take(accepted('SW-1', 'tesla'));
    expect(story.refusal(step('rejected', 'nvidia'))).toMatchObject({ code: 'not-a-party' });
    story.take(step('rejected', 'tesla'));
    for (const late of [
      accepted('SW-1', 'tesla'),
      step('withdrawn', 'x'),
      step('rejected', 'x'),
      executed('SW-1', 'x'),
    ]) {
      expect(story.refusal(late)).toMatchObject({ code: 'swap-not-open', facts: { swap: 'SW-1', state: 'rejected' } });
    }
  });

  it('a swap of a party is withdrawn by its proposer only', () => {
    const story = open();
    expect(story.refusal(step('withdrawn', 'tesla'))).toMatchObject({ code: 'not-a-party', facts: { parties: ['x'] } });
    story.take(step('withdrawn', 'x'));
    expect(story.refusal(accepted('SW-1', 'tesla'))).toMatchObject({
      code: 'swap-not-open',
      facts: { state: 'withdrawn' },
    });
  });

  it('a swap that the supplier proposed is withdrawn by the supplier', () => {
    const story = given(...orders, proposed('SW-1', 'nvidia', legs), accepted('SW-1', 'tesla'), accepted('SW-1', 'x'));
    story.take(step('withdrawn', 'nvidia'));
  });

  it('an executed swap cannot be rejected or withdrawn', () => {
    const story = open();
    story.take(accepted('SW-1', 'tesla'));
    story.take(executed('SW-1', 'tesla'));
    for (const late of [step('rejected', 'tesla'), step('withdrawn', 'x'), executed('SW-1', 'x')]) {
      expect(story.refusal(late)).toMatchObject({ code: 'swap-not-open', facts: { state: 'executed' } });
    }
  });

  it('a swap expires by the recorded time, and not by the time at which something is said to have happened', () => {
    const story = open({ expires: '2023-12-31T00:00:00Z' });
    story.until('2023-12-30T23:59:59.999Z').take(accepted('SW-1', 'tesla'));
    story.until('2023-12-31T00:00:00Z');
    for (const late of [step('rejected', 'tesla'), step('withdrawn', 'x'), executed('SW-1', 'x')]) {
      expect(story.refusal(late)).toMatchObject({
        code: 'swap-expired',
        facts: { swap: 'SW-1', expires: '2023-12-31T00:00:00Z' },
      });
    }
  });
});
