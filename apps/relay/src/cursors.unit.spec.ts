import { describe, expect, it } from '@jest/globals';
import { choosePartition } from './cursors.ts';

describe('the partition of a new ledger', () => {
  it('is the one with the fewest ledgers, the first of several', () => {
    expect(choosePartition([0, 1, 2], [])).toBe(0);
    expect(choosePartition([0, 1, 2], [0, 0, 1, 2])).toBe(1);
  });

  it('does not count ledgers on partitions that are not there any more', () => {
    expect(choosePartition([0, 1], [0, 7, 7])).toBe(1);
  });
});
