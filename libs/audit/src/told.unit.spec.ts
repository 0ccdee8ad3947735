import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { anEvent } from '#test/audit/signedLedger';
import { Balances } from './balances.ts';
import { movesAtOnce, movesIn, parseTold, readTold } from './told.ts';

const GOLDEN = new URL('../../contracts/golden/', import.meta.url);
const golden = readdirSync(GOLDEN).map((file) => ({ file, bytes: readFileSync(new URL(file, GOLDEN)) }));
const events = [...golden.map(({ bytes }) => bytes), anEvent(1), anEvent(7)];

/** What is spliced into an event: all that JSON is made of, and what a reader could take for another key or place. */
const PIECES = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\\"',
    '\\u0073',
    '\\x',
    ' ',
    '\n',
    '\u0000',
    '0',
    '-',
    '01',
    '.5',
    '1e5',
    '1e',
    'true',
    'nul',
  ],
  ...[
    '"ledger":"other",',
    '"sequence":"0000000000000007",',
    '"data":{},',
    ',"data":{"moves":[]}',
    '"n":01,',
    '"n":-,',
    '"moves":[],',
    ',"moves":[]',
    '"n":01,',
    '"n":-,',
    '"m\\u006fves":[],',
  ],
  ...[
    '{"a":[{"b":{"c":[1]}}]}',
    '[[[[[[[[1]]]]]]]]',
    'ä',
    '😀',
    '\ufeff',
    '"__proto__":{"moves":[1]},',
    '"\\ud800"',
    ',"x":"},"',
  ],
].map((piece) => Buffer.from(piece));
const NO_UTF8 = [Buffer.of(0xff), Buffer.of(0xc0, 0x80), Buffer.of(0xed, 0xa0, 0x80)];

const damaged = fc
  .tuple(
    fc.constantFrom(...events),
    fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...PIECES, ...NO_UTF8)), { maxLength: 2 }),
  )
  .map(([event, splices]) => {
    const splice = (all: Buffer, [where, gone, piece]: readonly [number, number, Buffer]) => {
      const at = where % (all.length + 1);
      return Buffer.concat([all.subarray(0, at), piece, all.subarray(at + gone)]);
    };
    return { event, bytes: splices.reduce(splice, event) };
  });

/** What is at places where a piece changes what an event says: beside its commas. */
const rearranged = fc
  .tuple(fc.constantFrom(...events), fc.nat(), fc.constantFrom(...PIECES))
  .map(([event, where, piece]) => {
    const commas = [...event.entries()].flatMap(([at, byte]) => (byte === 0x2c || byte === 0x7b ? [at + 1] : []));
    const at = commas[where % commas.length]!;
    return { event, bytes: Buffer.concat([event.subarray(0, at), piece, event.subarray(at)]) };
  });

describe('an event that is read at once', () => {
  it('is each one as the ledger has ever written it, but for what a void puts back, which is nested too deep', () => {
    const parsed = golden.filter(({ bytes }) => {
      const told = parseTold(bytes);
      const moves = movesAtOnce(bytes, String(told.ledger), Number(told.sequence));
      if (moves !== undefined) expect(moves === '' ? undefined : JSON.parse(moves)).toEqual(movesIn(told));
      return moves === undefined;
    });
    expect(parsed.map(({ file }) => file)).toEqual(['lading.event.voided.v1.voided.json']);
  });

  it('says what it says to whoever parses it, whatever was changed in it, or is left to be parsed', () => {
    fc.assert(
      fc.property(fc.oneof(damaged, rearranged), ({ event, bytes }) => {
        const before = parseTold(event);
        for (const ledger of [String(before.ledger), 'other'])
          for (const sequence of [Number(before.sequence), 7]) {
            const moves = movesAtOnce(bytes, ledger, sequence);
            if (moves === undefined) continue;
            const told = readTold(bytes, ledger, sequence);
            expect(moves === '' ? undefined : JSON.parse(moves)).toEqual(movesIn(told));
          }
      }),
      { numRuns: 3_000 },
    );
  });

  it('books what its moves say to whoever parses them, or finds the same wrong with them', () => {
    const end = fc.record(
      {
        owner: fc.constantFrom<unknown>('x', 'tesla', 'Ä|b', 'a"b', 'a\nb', '', 7),
        custodian: fc.constantFrom('x', 'ups'),
        stage: fc.constantFrom<unknown>('held', 'in_transit', 'supply', 'nowhere', null),
        shipment: fc.constantFrom('S-1', ''),
      },
      { requiredKeys: ['owner', 'custodian', 'stage'] },
    );
    const move = fc
      .tuple(
        fc.constantFrom<unknown>(1, 5, 2 ** 31, 0, -1, 1.5, '1'),
        end,
        end,
        fc.constantFrom<object>({}, { serials: ['D]1', 'D2'] }, { x: 1 }),
      )
      .map(([quantity, from, to, extra]) => ({
        item: 'H100',
        order: 'PO-1',
        line: '1',
        quantity,
        ...extra,
        from,
        to,
      }));
    fc.assert(
      fc.property(
        fc.array(
          fc.array(fc.oneof({ weight: 9, arbitrary: move }, { weight: 1, arbitrary: fc.constant(null) }), {
            maxLength: 3,
          }),
          { maxLength: 5 },
        ),
        (events) => {
          const [parsed, read] = [new Balances(), new Balances()];
          for (const moves of events) expect(read.bookText(JSON.stringify(moves))).toBe(parsed.book(moves));
          expect([...read.entries()]).toEqual([...parsed.entries()]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
