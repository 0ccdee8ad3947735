import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { FlagRow, FlagRule } from '#contracts/flagRows';
import { flagId, parseFlagId, ruleOfFlag } from './flagId.ts';

describe('the id of a flag', () => {
  it('that the contract gives as an example is one that a flag can have', () => {
    const { example } = FlagRow.shape.flag.meta() ?? {};
    expect(parseFlagId(String(example))).toEqual({ rule: 'related-party', sequence: 14, n: 1 });
  });

  it.each(['related-party:17', 'related-party:17:0', 'related-party:0:1', 'related-party:017:1', 'unheard-of:17:1'])(
    '%s is no flag’s id, because events and their flags are counted from 1 and every rule has a name',
    (id) => {
      expect(parseFlagId(id)).toBeUndefined();
    },
  );

  it('is as plain as the ids that it is made of, and says its rule', () => {
    expect(flagId('overdue-leg', 'SW-1', 2)).toBe('overdue-leg:SW-1:2');
    expect(FlagRule.options.map((rule) => ruleOfFlag(flagId(rule, 'A:B')))).toEqual(FlagRule.options);
    expect(['constructor:1', 'toString', '', ':'].map(ruleOfFlag)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is another one for other ids, whatever colons those have', () => {
    const parts = fc.array(fc.string({ unit: fc.constantFrom(':', '%', '3', 'A', '2', '5', 'x') }), {
      minLength: 2,
      maxLength: 3,
    });
    const unlike = (one: string[], other: string[]) => {
      const same = JSON.stringify(one) === JSON.stringify(other);
      expect(flagId('one-sided-swap', ...one) === flagId('one-sided-swap', ...other)).toBe(same);
    };
    unlike(['SW:1', 'tesla', 'H100'], ['SW', '1:tesla', 'H100']);
    unlike(['SW:1', 'tesla', 'H100'], ['SW%3A1', 'tesla', 'H100']);
    fc.assert(fc.property(parts, parts, unlike));
  });
});
