import { describe, expect, it } from 'vitest';
import { commonControllers } from './rules.ts';

describe('who controls two parties', () => {
  const controls = new Map([
    ['tesla', ['musk']],
    ['x', ['musk', 'jack']],
    ['xai', ['x']],
    ['a', ['b']],
    ['b', ['a']],
  ]);

  it('strangers have no controller in common', () => {
    expect(commonControllers('tesla', 'nvidia', controls)).toEqual([]);
  });

  it('a common controller is found directly, through others, and in a party itself', () => {
    expect(commonControllers('tesla', 'x', controls)).toEqual(['musk']);
    expect(commonControllers('tesla', 'xai', controls)).toEqual(['musk']);
    expect(commonControllers('x', 'xai', controls)).toEqual(['jack', 'musk', 'x']);
  });

  it('a common controller is found also where control runs in a circle', () => {
    expect(commonControllers('a', 'b', controls)).toEqual(['a', 'b']);
  });
});
