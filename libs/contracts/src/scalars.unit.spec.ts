import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { whyNoId } from './whyNoId.ts';
import type { z } from 'zod';
import {
  Count,
  Day,
  Evidence,
  exactMicroseconds,
  Id,
  isReserved,
  keyOf,
  LedgerId,
  microseconds,
  Moment,
  Money,
  Name,
  Note,
  outOfKey,
  Quantity,
  utcOf,
  Window,
} from './scalars.ts';

const takes = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success;

describe('an id', () => {
  it.each([
    ...['t', 'tesla', 'PO-TSLA-1', '0001', 'a.b:c~d@e+f#g_h', 'PO/2026/0007', 'SO 1234', '№ 7', 'WH/OUT/00042', 'A  B'],
    ...['a|b', '-a', '=1+1', '50%', '%2F', '%', '?', '#', "'", '"', '\\', '\\u0041', '...', '.a', '__proto__', 'null'],
    ...['ä', 'Łódź', 'Ελλάδα', 'заказ', '注文', 'הזמנה', 'طلب', 'ลำดับ', 'क्रम', '한국', '🚚', '𝒜', 'q̣̇', '&', '<b>', ';'],
    ...['x'.repeat(128), '注'.repeat(128), '🚚'.repeat(128)],
  ])('may be %s, as another system made it', (id) => {
    expect(takes(Id, id)).toBe(true);
    expect(id).toMatch(new RegExp(String(Id.meta()?.pattern), 'u'));
  });

  it.each([
    ['nothing', '', 'an id has at least 1 character'],
    ['a blank first', ' a', 'an id begins with something else than a blank: leave the blank out'],
    ['a blank last', 'a ', 'an id ends with something else than a blank: leave the blank out'],
    ['a dot', '.', 'an id is more than a dot: in an address that names a folder, and is left out on the way'],
    ['two dots', '..', 'an id is more than two dots: in an address that names a folder, and is left out on the way'],
    ['129 characters', 'x'.repeat(129), 'an id has at most 128 characters, this one has 129'],
    ['129 emoji', '🚚'.repeat(129), 'an id has at most 128 characters, this one has 129'],
    ['a line end', 'a\n', 'the character U+000A, at position 1, cannot be printed: leave it out'],
    ['half a pair', 'a\ud83d', 'the character U+D83D, at position 1, cannot be printed: leave it out'],
    ['no character yet', 'a\u0378', 'the character U+0378, at position 1, cannot be printed: leave it out'],
    ['private use', 'a\ue000', 'the character U+E000, at position 1, cannot be printed: leave it out'],
    [
      'no width',
      'a\u200bb',
      'the character U+200B, at position 1, cannot be seen, and an id that looks like another is not taken: leave it out',
    ],
    [
      'no-break space',
      'SO\u00a01',
      'the character U+00A0, at position 2, looks like a blank: write U+0020, or leave it out',
    ],
    ['NFD', 'Cafe\u0301 1', "an id is in Unicode's normal form C (NFC): for U+0065 U+0301, at position 3, send U+00E9"],
    [
      'another spelling',
      '5 \u212b',
      "an id is in Unicode's normal form C (NFC): for U+212B, at position 2, send U+00C5",
    ],
    [
      'marks out of order',
      'q\u0307\u0323',
      "an id is in Unicode's normal form C (NFC): for U+0307 U+0323, at position 1, send U+0323 U+0307",
    ],
  ])('is refused for %s, with the character and what to send', (_, id, why) => {
    expect(Id.safeParse(id).error?.issues.map(({ message }) => message)).toEqual([why]);
  });

  it.each([
    ['controls', /\p{Cc}/u],
    ['marks of direction, of no width and others that cannot be seen', /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u],
    ['blanks that look like one another', /(?! )\p{Zs}|[\p{Zl}\p{Zp}]/u],
    ['halves of pairs, noncharacters and what is no character yet', /[\p{Cs}\p{Cn}]/u],
  ])('holds no %s', (_, kind) => {
    const all = Array.from({ length: 0x11_0000 }, (_, code) => String.fromCodePoint(code));
    const found = all.filter((character) => kind.test(character));
    expect(found.length).toBeGreaterThan(5);
    expect(found.filter((character) => whyNoId(`a${character}b`) === undefined)).toEqual([]);
  });

  it('has one spelling: no two ids that are taken are the same text in Unicode', () => {
    const all = Array.from({ length: 0x11_0000 }, (_, code) => `a${String.fromCodePoint(code)}b`);
    const taken = all.filter((id) => whyNoId(id) === undefined);
    expect(taken.length).toBeGreaterThan(100_000);
    expect(new Set(taken.map((id) => id.normalize('NFD'))).size).toBe(taken.length);
  });

  it('the published pattern refuses blanks at the ends, controls and what is too long, in every dialect of patterns', () => {
    const pattern = new RegExp(String(Id.meta()?.pattern), 'u');
    for (const id of ['', ' a', 'a ', 'a\n', 'a\u00a0b', 'a\u00ad', 'x'.repeat(129)]) expect(id).not.toMatch(pattern);
    expect(String(Id.meta()?.pattern)).toMatch(/^[ -~]+$/);
    expect(String(Id.meta()?.pattern)).not.toMatch(/\\[pu]/);
  });

  it('makes keys that are different for different ids, and those of plain ids are as they ever were', () => {
    const part = fc.oneof(fc.constantFrom('a|b', 'a', 'b|', '|', '||', '%7C', 'a/b'), fc.string({ minLength: 1 }));
    const ids = fc.array(
      part.filter((id) => takes(Id, id)),
      { minLength: 3, maxLength: 3 },
    );
    fc.assert(
      fc.property(ids, ids, (one, other) => {
        expect(keyOf(...one) === keyOf(...other)).toBe(JSON.stringify(one) === JSON.stringify(other));
        expect(
          keyOf(...one)
            .split('|')
            .map(outOfKey),
        ).toEqual(one);
      }),
    );
    expect(keyOf('PO-1', 'a.b:c~d@e+f#g_h', 'x')).toBe('PO-1|a.b:c~d@e+f#g_h|x');
  });

  it.each([1, null, true, ['a']])('is a text, never %j', (id) => {
    expect(takes(Id, id)).toBe(false);
  });

  it('that names a ledger is lower case and short, because it is part of file names and metrics', () => {
    expect(['nvidia', '1-a', 'n'.repeat(63)].every((id) => takes(LedgerId, id))).toBe(true);
    expect(['Nvidia', 'a.b', 'a_b', '-a', '', 'n'.repeat(64)].some((id) => takes(LedgerId, id))).toBe(false);
  });
});

describe('a quantity', () => {
  it('is a whole number from 1 to 2,147,483,647; a count may be 0', () => {
    expect([1, 2 ** 31 - 1].every((n) => takes(Quantity, n) && takes(Count, n))).toBe(true);
    expect([0, -1, 1.5, 2 ** 31, 1e300, NaN, Infinity, '1', null].some((n) => takes(Quantity, n))).toBe(false);
    expect([takes(Count, 0), takes(Count, -1)]).toEqual([true, false]);
  });
});

describe('a moment', () => {
  it.each([
    '2023-12-31T10:00:00Z',
    '2023-12-31T10:00:00.123456789Z',
    '2024-02-29T23:59:59+14:00',
    '2024-02-29T00:00:00-00:30',
    '2026-01-05t09:00:00z',
    '1900-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999999Z',
    '2024-01-01T00:00:00+15:59',
    '2024-02-29T23:59:59-00:00',
  ])('may be %s', (moment) => {
    expect(takes(Moment, moment)).toBe(true);
  });

  it.each([
    ['without an offset', '2023-12-31T10:00:00'],
    ['a day alone', '2023-12-31'],
    ['without seconds', '2023-12-31T10:00Z'],
    ['a day that is not', '2023-02-29T10:00:00Z'],
    ['the 31st of a month of 30 days', '2023-04-31T10:00:00Z'],
    ['an hour that is not', '2023-12-31T25:00:00Z'],
    ['a leap second', '2016-12-31T23:59:60Z'],
    ['an offset that is not', '2023-12-31T10:00:00+24:00'],
    ['an offset that PostgreSQL does not know', '2023-12-31T10:00:00+16:00'],
    ['24 o’clock', '2025-12-31T24:00:00Z'],
    ['the year 0000', '0000-01-01T00:00:00Z'],
    ['the year 1899', '1899-12-31T23:59:59Z'],
    ['1899 in UTC', '1900-01-01T00:00:00+01:00'],
    ['the year 10000 in UTC', '9999-12-31T23:59:59-01:00'],
    ['the year 10000 when rounded', '9999-12-31T23:59:59.9999995Z'],
    ['a fraction of ten digits', '2023-12-31T10:00:00.0123456789Z'],
    ['a comma', '2023-12-31T10:00:00,5Z'],
    ['a blank for the T', '2023-12-31 10:00:00Z'],
    ['with something after it', '2023-12-31T10:00:00Z '],
  ])('is refused %s', (_, moment) => {
    expect(takes(Moment, moment)).toBe(false);
  });
});

describe('a moment in numbers', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0n, '1970-01-01T00:00:00.000000Z'],
    ['2023-12-31T10:00:00+01:00', 1_704_013_200_000_000n, '2023-12-31T09:00:00.000000Z'],
    ['2023-12-31t09:00:00.5z', 1_704_013_200_500_000n, '2023-12-31T09:00:00.500000Z'],
    ['2023-12-31T09:00:00.1234565Z', 1_704_013_200_123_457n, '2023-12-31T09:00:00.123457Z'],
    ['2023-12-31T09:00:00.0000005Z', 1_704_013_200_000_001n, '2023-12-31T09:00:00.000001Z'],
    ['2023-12-31T08:59:59.9999999Z', 1_704_013_200_000_000n, '2023-12-31T09:00:00.000000Z'],
    ['1969-12-31T23:59:59.999999Z', -1n, '1969-12-31T23:59:59.999999Z'],
  ])('%s is the same moment as a number and in UTC, halves rounded up', (moment, micros, utc) => {
    expect([exactMicroseconds(moment), BigInt(microseconds(moment)), utcOf(moment)]).toEqual([micros, micros, utc]);
  });

  it('a moment in whole seconds of UTC is written as PostgreSQL keeps it, and equals every other spelling of it', () => {
    for (const same of [
      '2023-12-31T10:00:00Z',
      '2023-12-31t10:00:00z',
      '2023-12-31T11:00:00+01:00',
      '2023-12-31T10:00:00.0Z',
    ])
      expect(utcOf(same)).toBe('2023-12-31T10:00:00.000000Z');
  });

  it('the last moment that is taken is exact, too', () => {
    expect(exactMicroseconds('9999-12-31T23:59:59.999999Z')).toBe(253_402_300_799_999_999n);
    expect(utcOf('9999-12-31T23:59:59.999999Z')).toBe('9999-12-31T23:59:59.999999Z');
  });
});

describe('text', () => {
  const everyCharacter = Array.from({ length: 0x11_0000 }, (_, code) => String.fromCodePoint(code));

  it('holds every character that can be printed, and no other: lines are for notes and reasons', () => {
    const refused = (schema: z.ZodType) =>
      everyCharacter
        .filter((character) => !takes(schema, `a${character}b`))
        .map((character) => character.codePointAt(0));
    const controls = [...Array.from({ length: 32 }, (_, i) => i), ...Array.from({ length: 33 }, (_, i) => 0x7f + i)];
    const halves = Array.from({ length: 0x800 }, (_, i) => 0xd800 + i);
    const noncharacters = [
      ...Array.from({ length: 32 }, (_, i) => 0xfdd0 + i),
      ...Array.from({ length: 17 }, (_, plane) => [plane * 0x10000 + 0xfffe, plane * 0x10000 + 0xffff]).flat(),
    ];
    const never = [...controls, 0x2028, 0x2029, ...halves, ...noncharacters].toSorted((a, b) => a - b);
    expect(refused(Name)).toEqual(never);
    expect(refused(Note)).toEqual(never.filter((code) => code !== 9 && code !== 10));
  });

  it('is counted in characters, as JSON Schema counts', () => {
    expect([takes(Name, '🚚'.repeat(200)), takes(Name, '🚚'.repeat(201)), takes(Name, '')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is refused with the character and its place, and with what to write instead', () => {
    const why = (schema: z.ZodType, text: string) => schema.safeParse(text).error?.issues.map(({ message }) => message);
    expect(why(Name, 'PADDED\0')).toEqual(['the character U+0000, at position 6, cannot be printed: leave it out']);
    expect(why(Note, 'a\r\nb')).toEqual([
      'the character U+000D, at position 1, cannot be printed: a line ends with U+000A',
    ]);
  });

  it('is refused by the published pattern, too, where a reader of patterns can say it', () => {
    expect(Name.meta()?.pattern).toBe('^[^\\x00-\\x1f\\x7f-\\x9f]+$');
    const pattern = new RegExp(String(Note.meta()?.pattern));
    expect(['a\tb\nc', 'ü'].every((text) => pattern.test(text))).toBe(true);
    expect(['a\0', 'a\r', 'a\x7f', 'a\x85'].some((text) => pattern.test(text))).toBe(false);
  });
});

describe('a source', () => {
  it.each(['urn:lading:key:erp', 'URN:Lading:ledger', 'urn:%6Cading:x', 'urn%3Alading%3Ax', 'urn:lading'])(
    'is the ledger’s own in any spelling: %s',
    (source) => {
      expect(isReserved(source)).toBe(true);
    },
  );

  it.each(['urn:nvidia:erp', 'urn:ladings:x', '/urn:lading:x', 'https://lading.example/urn:lading:'])(
    'is a client’s own otherwise: %s',
    (source) => {
      expect(isReserved(source)).toBe(false);
    },
  );
});

describe('a day and a window', () => {
  it('a day is one of the calendar', () => {
    expect(['2024-02-29', '2023-12-31', '1900-01-01', '9999-12-31'].every((day) => takes(Day, day))).toBe(true);
    expect(
      ['2023-02-29', '0000-01-01', '1899-12-31', '2023-13-01', '23-01-01', '2023-1-1', '2023-12-31T00:00:00Z'].some(
        (day) => takes(Day, day),
      ),
    ).toBe(false);
  });

  it('a day is taken exactly when Date knows it, in common years and leap years of every kind', () => {
    const pad = (n: number, digits: number) => String(n).padStart(digits, '0');
    const years = [1899, 1900, 1904, 1999, 2000, 2023, 2024, 2100, 2400, 9996, 9999];
    const wrong: string[] = [];
    for (const year of years)
      for (let month = 0; month <= 13; month++)
        for (let date = 0; date <= 32; date++) {
          const day = `${pad(year, 4)}-${pad(month, 2)}-${pad(date, 2)}`;
          const start = new Date(`${day}T00:00:00Z`);
          // Date rolls 31 February over to March.
          const known = !Number.isNaN(start.getTime()) && start.toISOString().startsWith(day) && year >= 1900;
          if (takes(Day, day) !== known) wrong.push(day);
        }
    expect(wrong).toEqual([]);
  });

  it('a window is one day at least, and never ends before it starts: the end is what is wrong', () => {
    expect(takes(Window, { from: '2024-01-01', to: '2024-01-01' })).toBe(true);
    const wrong = Window.safeParse({ from: '2024-01-02', to: '2024-01-01' });
    expect(wrong.error?.issues.map(({ path }) => path)).toEqual([['to']]);
    expect(takes(Window, { from: '2024-01-01', to: '2024-01-31', until: '' })).toBe(false);
  });
});

describe('money and evidence', () => {
  it('money is a decimal string with its currency, never a float', () => {
    expect(takes(Money, { amount: '30000.00', currency: 'USD' })).toBe(true);
    for (const amount of [30_000, '30,000', '-1', '01', '1.', '.5', '1e3', '']) {
      expect(takes(Money, { amount, currency: 'USD' })).toBe(false);
    }
    expect(takes(Money, { amount: '1', currency: 'usd' })).toBe(false);
  });

  it('evidence is an address, and a hash in lower-case hex', () => {
    const uri = 'https://example.org/memo.pdf';
    expect(takes(Evidence, { kind: 'memo', uri, sha256: 'a'.repeat(64) })).toBe(true);
    expect(takes(Evidence, { kind: 'memo', uri, sha256: 'A'.repeat(64) })).toBe(false);
  });

  it.each([
    'https://example.org',
    'HTTP://example.org:8443/a/@b?c=d%20e#f',
    'https://[2001:db8::1]/memo',
    'http://127.0.0.1/',
    'urn:isbn:0451450523',
    'URN:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
  ])('evidence may be at %s', (uri) => {
    expect(takes(Evidence, { kind: 'memo', uri })).toBe(true);
  });

  it.each([
    'somewhere',
    'https://user:password@example.org/memo',
    'https://user@example.org/memo',
    'https://user%3Apassword%40example.org/memo',
    'https://@example.org',
    'https://example.org\\@evil.example',
    'https:example.org',
    'https:///memo',
    'https://example.org:99999/',
    'https://exa mple.org',
    'https://example.org/a\nb',
    ' https://example.org',
    'https://example.org/%zz',
    'https://example.org/ü',
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'ftp://example.org/a',
    'urn:x',
    'urn::y',
    `https://example.org/${'a'.repeat(1000)}`,
  ])('evidence is never at %s: an address is http(s) or a URN, and holds no password', (uri) => {
    expect(takes(Evidence, { kind: 'memo', uri })).toBe(false);
  });
});
