import { describe, expect, it } from 'vitest';
import { arrayLiteral, storableDay } from './values.ts';

describe('a column of rows', () => {
  it('an array is written as PostgreSQL reads arrays', () => {
    expect(arrayLiteral([])).toBe('{}');
    expect(arrayLiteral([1, -2, 3.5])).toBe('{1,-2,3.5}');
    expect(arrayLiteral([true, false])).toBe('{true,false}');
    expect(arrayLiteral(['tesla', '', 'a,b{}'])).toBe('{"tesla","","a,b{}"}');
    expect(arrayLiteral(['NULL', null])).toBe('{"NULL",NULL}');
    expect(arrayLiteral([null, 7])).toBe('{NULL,7}');
    expect(arrayLiteral(['say "hi"', 'back\\slash'])).toBe('{"say \\"hi\\"","back\\\\slash"}');
    expect(arrayLiteral([arrayLiteral(['a', 'b"'])])).toBe('{"{\\"a\\",\\"b\\\\\\"\\"}"}');
  });

  it('what an earlier release took and PostgreSQL cannot hold is written as it can be shown', () => {
    expect(arrayLiteral(['PADDED\0\0', 'b'])).toBe('{"PADDED\ufffd\ufffd","b"}');
    expect([storableDay('0000-02-29'), storableDay('2024-02-29')]).toEqual(['0001-02-29 BC', '2024-02-29']);
  });
});
