import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { countMembers, duplicateNames, elementsOf, readJson, readText, scanJson } from './strictJson.ts';

describe('reading JSON', () => {
  it('gives what JSON.parse gives, for every JSON text', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value, null, 1);
        expect(readJson(text)).toEqual({ ok: true, value: JSON.parse(text) as unknown });
      }),
    );
  });

  it('refuses what JSON.parse refuses, and says where', () => {
    for (const text of ['', '  ', '{', '{"a":1}}', "{'a':1}", '{"a":1,}', 'NaN', '[1,2', '"\u0000"']) {
      expect(readJson(text)).toMatchObject({ ok: false, code: 'not-json' });
    }
    expect(readJson('{"a" 1}')).toMatchObject({ detail: expect.stringContaining('position 5') as unknown });
    expect(readJson('')).toMatchObject({ detail: 'there is nothing in it' });
  });

  it('names a field that is written twice by its pointer, however it is escaped', () => {
    const pointers = (text: string): string[] => {
      const read = readJson(text);
      return read.ok ? [] : read.errors.map(({ pointer }) => pointer);
    };
    expect(pointers('{"a":1,"b":[0,{"c":":","\\u0063":2}],"a":3}')).toEqual(['/b/1/c', '/a']);
    expect(pointers('{"a":{"a":{"a":1}},"b":"\\"a\\":1"}')).toEqual([]);
    expect(pointers('{"__proto__":1,"__proto__":2}')).toEqual(['/__proto__']);
  });

  it('bounds the nesting before anything recursive sees it', () => {
    expect(readJson(`${'['.repeat(33)}${']'.repeat(33)}`)).toMatchObject({ ok: false, code: 'malformed' });
    expect(readJson(`${'['.repeat(32)}${']'.repeat(32)}`).ok).toBe(true);
    expect(readJson('{"a":'.repeat(500_000))).toMatchObject({ ok: false, code: 'malformed' });
  });

  it('refuses bytes that are not UTF-8, and passes over a byte order mark', () => {
    expect(readText(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toMatchObject({ ok: false, code: 'not-json' });
    expect(readText(Buffer.from([0xed, 0xa0, 0x80]))).toMatchObject({ ok: false }); // half a surrogate pair
    expect(readText(Buffer.from('\ufeff{}'))).toEqual({ ok: true, value: '{}' });
  });
});

describe('a JSON text from outside', () => {
  it('tells its nesting and how many members were written', () => {
    expect(scanJson('{"a":[{"b":":{"}],"a":"\\""}')).toEqual({ depth: 3, members: 3 });
  });

  it('has as many members as its value, unless a name is written twice', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(scanJson(text).members).toBe(countMembers(JSON.parse(text)));
        expect(duplicateNames(text)).toEqual([]);
      }),
    );
  });

  it('is cut into the elements of its array', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (array) => {
        const text = JSON.stringify(array, null, 1);
        const parts = elementsOf(text)?.map(([start, end]) => JSON.parse(text.slice(start, end)) as unknown);
        expect(parts).toEqual(JSON.parse(text));
      }),
    );
  });

  it('is no array when anything is before it, behind it, or missing', () => {
    for (const text of ['', '{}', '[', '[1', '[1}', '[1] 2', '1,[2]', '[1]]', '"[]"'])
      expect(elementsOf(text)).toBeUndefined();
    expect(elementsOf(' [ ] ')).toEqual([]);
    expect(elementsOf('[1,]')?.length).toBe(2);
    expect(elementsOf('[,]')?.length).toBe(2);
  });
});
