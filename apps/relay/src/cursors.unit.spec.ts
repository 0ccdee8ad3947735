import { describe, expect, it } from 'vitest';
import { choosePartition } from './cursors.ts';

describe('the partition of a new ledger', () => {
  it('a new ledger gets the partition with the fewest ledgers, the first where several have as few', () => {
    expect(choosePartition([0, 1, 2], [])).toBe(0);
    expect(choosePartition([0, 1, 2], [0, 0, 1, 2])).toBe(1);
  });

  it('ledgers on partitions that no longer exist are not counted when a new ledger gets its partition', () => {
    expect(choosePartition([0, 1], [0, 7, 7])).toBe(1);
  });
});
