import { describe, expect, it } from '@jest/globals';
import { FlagRow } from '#contracts/rows';
import { parseFlagId } from './queries.ts';

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
});
