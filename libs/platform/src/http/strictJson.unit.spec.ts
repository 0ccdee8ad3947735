import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  countMembers,
  duplicateNames,
  type Elements,
  elementsOf,
  readJson,
  readText,
  scanJson,
  surveyJson,
} from './strictJson.ts';

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

/** The places of all elements, as the search finds them. */
function placesIn(text: string, limit = 1_000_000): Elements | undefined {
  const search = elementsOf(Buffer.from(text), limit);
  for (;;) {
    const { done, value } = search.next();
    if (done === true) return value;
  }
}

describe('a JSON text from outside', () => {
  it('the scan of a JSON text gives its nesting and how many members were written', () => {
    expect(scanJson('{"a":[{"b":":{"}],"a":"\\""}')).toEqual({ depth: 3, members: 3, values: 5 });
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
      fc.property(fc.array(fc.jsonValue({ stringUnit: 'binary' })), (array) => {
        const text = JSON.stringify(array, null, 1);
        const bytes = Buffer.from(text);
        const parts = placesIn(text)?.places.map((place) => JSON.parse(bytes.toString('utf8', ...place)) as unknown);
        expect(parts).toEqual(JSON.parse(text));
      }),
    );
  });

  it('a text is no array when anything is before it, after it, or missing', () => {
    for (const text of [
      '',
      '{}',
      '[',
      '[1',
      '[1}',
      '[1] 2',
      '1,[2]',
      '[1]]',
      '"[]"',
      '\u00a0[1]',
      '[1]\u2028',
      '["',
      '["\\',
    ])
      expect(placesIn(text)).toBeUndefined();
    expect(placesIn(' [ ] ')).toEqual({ count: 0, places: [] });
    expect(placesIn('[1,]')?.count).toBe(2);
    expect(placesIn('[,]')?.count).toBe(2);
  });

  it('the elements of an array are all counted, and only as many are noted as were asked for', () => {
    expect(placesIn(`[${'1,'.repeat(2_999_999)}1]`, 10)).toMatchObject({ count: 3_000_000, places: { length: 10 } });
  });

  it('the search for elements gives others a turn after each megabyte, wherever it is', () => {
    const long = 4_000_000;
    for (const text of [
      `["${'漢'.repeat(long)}"]`,
      `["${'\\"'.repeat(long)}"]`,
      `["${'a'.repeat(long)}`,
      `[1${' '.repeat(long)}]`,
      `[1]${' '.repeat(long)}`,
      `[${'1,'.repeat(long)}1]`,
      `[${'['.repeat(long)}`,
    ]) {
      const search = elementsOf(Buffer.from(text), 10);
      let turns = 0;
      while (search.next().done !== true) turns++;
      expect(turns).toBeGreaterThanOrEqual(3);
    }
  });

  it('a text has at most as many values as the scan says, so that it can be refused before it is parsed', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(scanJson(JSON.stringify(value)).values).toBeGreaterThanOrEqual(surveyJson(value).values);
      }),
    );
    for (const text of [`[${'{},'.repeat(40_000)}{}]`, `[${'1,'.repeat(40_000)}1]`]) {
      expect(readJson(text)).toMatchObject({ ok: false, status: 422, code: 'event-too-large' });
    }
  });

  it('ten names that are written twice are named, and no more of them are looked for', () => {
    const read = readJson(`{${Array.from({ length: 30_000 }, (_, i) => `"a${i % 15_000}":1`).join()}}`);
    expect(read).toMatchObject({ ok: false, code: 'malformed', errors: { length: 10 } });
  });
});
