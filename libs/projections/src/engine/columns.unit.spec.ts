import { describe, expect, it } from '@jest/globals';
import { arrayLiteral, columns } from './columns.ts';

describe('a column of rows', () => {
  it('is written as PostgreSQL reads arrays', () => {
    expect(arrayLiteral([])).toBe('{}');
    expect(arrayLiteral([1, -2, 3.5])).toBe('{1,-2,3.5}');
    expect(arrayLiteral([true, false])).toBe('{true,false}');
    expect(arrayLiteral(['tesla', '', 'a,b{}'])).toBe('{"tesla","","a,b{}"}');
    expect(arrayLiteral(['NULL', null])).toBe('{"NULL",NULL}');
    expect(arrayLiteral([null, 7])).toBe('{NULL,7}');
    expect(arrayLiteral(['say "hi"', 'back\\slash'])).toBe('{"say \\"hi\\"","back\\\\slash"}');
    expect(arrayLiteral([arrayLiteral(['a', 'b"'])])).toBe('{"{\\"a\\",\\"b\\\\\\"\\"}"}');
  });

  it('is made of what each row says', () => {
    expect(
      columns(
        [
          { a: 1, b: 'x' },
          { a: 2, b: 'y' },
        ],
        ({ a }) => a,
        ({ b }) => b,
      ),
    ).toEqual([
      [1, 2],
      ['x', 'y'],
    ]);
  });
});
