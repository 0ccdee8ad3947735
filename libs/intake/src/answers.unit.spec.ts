import { describe, expect, it } from 'vitest';
import { ProblemError, unavailable } from '#platform/http/problemError';
import { isAway, itemOf, newAllowance, notTried } from './answers.ts';
import { whyNotSure } from './intake.ts';

const refusedWith = (error: Error) => whyNotSure({ check: () => Promise.reject(error) });

describe('an answer about an event that never came to the journal', () => {
  it('says that nothing was recorded and when to send it again, also for the events after it that were not tried', async () => {
    const refusal = await refusedWith(unavailable('the keys cannot be looked up; try again', { seconds: 3 }));
    const item = itemOf(refusal!, newAllowance());
    expect(item).toMatchObject({ status: 503, problem: { recorded: 'no', reason: 'unavailable', retryAfter: 3 } });
    expect(isAway(item)).toBe(true);
    expect(notTried(item)).toMatchObject({
      status: 503,
      problem: { recorded: 'no', detail: expect.stringMatching(/not tried: .* in 3 s$/) },
    });
  });

  it('stays what it is when its key is refused', async () => {
    const refusal = new ProblemError(403, 'forbidden', 'this key is not valid any more');
    expect(await refusedWith(refusal)).toBe(refusal);
  });
});
