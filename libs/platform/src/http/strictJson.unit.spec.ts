import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { countMembers, duplicateNames, elementsOf, readJson, readText, scanJson } from './strictJson.ts';

describe('reading JSON', () => {
  it('every JSON text is read to the value that JSON.parse gives', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value, null, 1);
        expect(readJson(text)).toEqual({ ok: true, value: JSON.parse(text) as unknown });
      }),
    );
  });

  it('a text that JSON.parse refuses is refused, with the place of the error', () => {
    for (const text of ['', '  ', '{', '{"a":1}}', "{'a':1}", '{"a":1,}', 'NaN', '[1,2', '"\u0000"']) {
      expect(readJson(text)).toMatchObject({ ok: false, code: 'not-json' });
    }
    expect(readJson('{"a" 1}')).toMatchObject({ detail: expect.stringContaining('position 5') as unknown });
    expect(readJson('')).toMatchObject({ detail: 'there is nothing in it' });
  });

  it('a field that is written twice is named by its pointer, however it is escaped', () => {
    const pointers = (text: string): string[] => {
      const read = readJson(text);
      return read.ok ? [] : read.errors.map(({ pointer }) => pointer);
    };
    expect(pointers('{"a":1,"b":[0,{"c":":","\\u0063":2}],"a":3}')).toEqual(['/b/1/c', '/a']);
    expect(pointers('{"a":{"a":{"a":1}},"b":"\\"a\\":1"}')).toEqual([]);
    expect(pointers('{"__proto__":1,"__proto__":2}')).toEqual(['/__proto__']);
  });

  it('the nesting of a JSON text is bounded before anything recursive sees it', () => {
    expect(readJson(`${'['.repeat(33)}${']'.repeat(33)}`)).toMatchObject({ ok: false, code: 'malformed' });
    expect(readJson(`${'['.repeat(32)}${']'.repeat(32)}`).ok).toBe(true);
    expect(readJson('{"a":'.repeat(500_000))).toMatchObject({ ok: false, code: 'malformed' });
  });

  it('bytes that are not UTF-8 are refused, and a byte order mark is skipped', () => {
    expect(readText(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toMatchObject({ ok: false, code: 'not-json' });
    expect(readText(Buffer.from([0xed, 0xa0, 0x80]))).toMatchObject({ ok: false }); // half a surrogate pair
    expect(readText(Buffer.from('\ufeff{}'))).toEqual({ ok: true, value: '{}' });
  });
});

describe('a JSON text from outside', () => {
  it('the scan of a JSON text gives its nesting and how many members were written', () => {
    expect(scanJson('{"a":[{"b":":{"}],"a":"\\""}')).toEqual({ depth: 3, members: 3 });
  });

  it('a JSON text has as many members as its value, unless a name is written twice', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(scanJson(text).members).toBe(countMembers(JSON.parse(text)));
        expect(duplicateNames(text)).toEqual([]);
      }),
    );
  });

  it('a JSON array is cut into the texts of its elements', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (array) => {
        const text = JSON.stringify(array, null, 1);
        const parts = elementsOf(text)?.map(([start, end]) => JSON.parse(text.slice(start, end)) as unknown);
        expect(parts).toEqual(JSON.parse(text));
      }),
    );
  });

  it('a text is no array when anything is before it, after it, or missing', () => {
    for (const text of ['', '{}', '[', '[1', '[1}', '[1] 2', '1,[2]', '[1]]', '"[]"'])
      expect(elementsOf(text)).toBeUndefined();
    expect(elementsOf(' [ ] ')).toEqual([]);
    expect(elementsOf('[1,]')?.length).toBe(2);
    expect(elementsOf('[,]')?.length).toBe(2);
  });
});
