import { describe, expect, it } from 'vitest';
import { preferred } from './accept.ts';
import type { ProblemError } from './problemError.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const CSV = 'text/csv; charset=utf-8; header=present';

describe('content is negotiated as RFC 9110 says', () => {
  it.each([
    ['', JSON_TYPE],
    ['*/*', JSON_TYPE],
    ['application/*', JSON_TYPE],
    ['text/*', CSV],
    ['text/csv', CSV],
    ['TEXT/CSV', CSV],
    ['text/csv;charset=UTF-8', CSV],
    ['text/csv; header="present"', CSV],
    ['text/csv, application/json', CSV],
    ['application/json, text/plain, */*', JSON_TYPE],
    ['text/csv;q=0.5, application/json;q=0.4', CSV],
    ['text/csv;q=0.4, application/json;q=0.5', JSON_TYPE],
    ['*/*, application/json;q=0', CSV],
    ['text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8', JSON_TYPE],
    ['text/csv;q=0, */*;q=0.1', JSON_TYPE],
    ['application/json; odata=verbose', JSON_TYPE],
    [', ,text/csv ,', CSV],
    ['application/x;title="a, b;q=0", text/csv;q=0.001', CSV],
    ['nonsense, text/csv', CSV],
  ])('Accept: %s takes %s', (header, type) => {
    expect(preferred(header, [JSON_TYPE, CSV])).toBe(type);
  });

  it.each([
    'text/html',
    'image/*',
    'json',
    '*',
    '*/json',
    'application/json;q=0',
    'text/csv;header=absent',
    'text/csv;charset=utf-16',
    '*/*;q=0',
    '*/*;q=0.0',
    'text/csv;q=2',
    '"',
    'a/b;c="',
  ])('Accept: %s leaves out all that there is, and is told what there is', (header) => {
    let refused: unknown;
    try {
      preferred(header, [JSON_TYPE, CSV]);
    } catch (error) {
      refused = error;
    }
    const { status, code, facts } = refused as ProblemError;
    expect({ status, code, facts }).toEqual({
      status: 406,
      code: 'not-acceptable',
      facts: { available: ['application/json', 'text/csv'] },
    });
  });

  it('a header as long as a request may have is read at once, and not with a search', () => {
    expect(preferred(`${'"\\'.repeat(7_000)}, ${'a/b;c="d",'.repeat(100)}text/csv`, [JSON_TYPE, CSV])).toBe(CSV);
    expect(() => preferred('"'.repeat(15_000), [JSON_TYPE])).toThrow(/Accept leaves out/);
  });
});
