import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { Lines } from './lines.ts';

const cut = (chunks: readonly Buffer[], limit = 1000): unknown[] => {
  const lines = new Lines(limit);
  return [...chunks.flatMap((chunk) => [...lines.push(chunk)]), ...lines.end()].map((line) =>
    'bytes' in line ? [line.number, line.bytes.toString()] : [line.number, 'too long'],
  );
};

describe('the lines of a stream', () => {
  it('the lines are the same wherever the stream is cut into chunks', () => {
    const text = Buffer.from('{"a":1}\r\n\n{"ü":"😀"}\n  \n{"b":2}');
    const whole = [
      [1, '{"a":1}'],
      [3, '{"ü":"😀"}'],
      [5, '{"b":2}'],
    ];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 10 }), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const chunks = at.slice(1).map((end, i) => text.subarray(at[i], end));
        expect(cut(chunks)).toEqual(whole);
      }),
    );
  });

  it('a line that is too long is reported and not kept, and the lines after it are read', () => {
    const chunks = Array.from({ length: 100 }, () => Buffer.alloc(50, 'x'));
    expect(cut([Buffer.from('ok\n'), ...chunks, Buffer.from('\nok')], 100)).toEqual([
      [1, 'ok'],
      [2, 'too long'],
      [3, 'ok'],
    ]);
    expect(cut([Buffer.alloc(101, 'x')], 100)).toEqual([[1, 'too long']]);
    expect(cut([Buffer.alloc(100, 'x')], 100)).toEqual([[1, 'x'.repeat(100)]]);
  });

  it('an empty stream has no lines', () => {
    expect(cut([])).toEqual([]);
    expect(cut([Buffer.from('\n\n')])).toEqual([]);
  });
});
