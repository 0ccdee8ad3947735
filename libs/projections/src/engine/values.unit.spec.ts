import { describe, expect, it } from '@jest/globals';
import { arrayLiteral, microseconds } from './values.ts';

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
});

describe('a moment in microseconds', () => {
  it('the microseconds of a moment are those that PostgreSQL counts, whatever its offset and its fraction', () => {
    expect(microseconds('1970-01-01T00:00:00Z')).toBe(0);
    expect(microseconds('2023-12-31T10:00:00+01:00')).toBe(Date.UTC(2023, 11, 31, 9) * 1000);
    expect(microseconds('2023-12-31T10:00:00.5Z')).toBe(Date.UTC(2023, 11, 31, 10) * 1000 + 500_000);
    expect(microseconds('2023-12-31T10:00:00.123456789-05:30')).toBe(Date.UTC(2023, 11, 31, 15, 30) * 1000 + 123_457);
    expect(microseconds('1969-12-31T23:59:59.999999Z')).toBe(-1);
  });
});
