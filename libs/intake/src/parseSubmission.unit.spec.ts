import { describe, expect, it } from 'vitest';
import { createHash } from 'node:crypto';
import type { Refusal } from '#platform/http/problemError';
import { MAX_LINES } from '#contracts/bounded';
import { subjectOf } from '#contracts/catalog';
import { parseSubmission, requestHash } from './parseSubmission.ts';

const line = { line: '1', item: 'H100', quantity: 12000, window: { from: '2023-12-01', to: '2023-12-31' } };
const placed = (over: Record<string, unknown> = {}, data: Record<string, unknown> = {}): Record<string, unknown> => ({
  specversion: '1.0',
  id: 'o-1',
  source: 'urn:supplier:nvidia',
  type: 'lading.order.placed.v1',
  time: '2023-12-01T00:00:00Z',
  data: { order: 'PO-TSLA-1', buyer: 'tesla', supplier: 'nvidia', lines: [line], ...data },
  ...over,
});

function refused(
  value: unknown,
  ...rest: Parameters<typeof parseSubmission> extends [unknown, ...infer R] ? R : never
): Refusal {
  const parsed = parseSubmission(value, ...rest);
  if (parsed.ok) throw new Error('it was taken');
  return parsed.refusal;
}
const errorsOf = (value: unknown) => refused(value).errors ?? [];
const pointers = (value: unknown): string[] => errorsOf(value).map(({ pointer }) => pointer);
const details = (value: unknown): Record<string, string> =>
  Object.fromEntries(errorsOf(value).map(({ pointer, detail }) => [pointer, detail]));

describe('an event as it is submitted', () => {
  it('a submitted event is taken with its envelope and its data, and nothing else', () => {
    const parsed = parseSubmission(
      placed({ subject: 'order/PO-TSLA-1', correlationid: 'c-1', datacontenttype: 'application/json' }),
    );
    expect(parsed).toMatchObject({ ok: true });
    expect(parsed.ok && parsed.event).toEqual({
      id: 'o-1',
      source: 'urn:supplier:nvidia',
      type: 'lading.order.placed.v1',
      time: '2023-12-01T00:00:00Z',
      correlationid: 'c-1',
      data: { order: 'PO-TSLA-1', buyer: 'tesla', supplier: 'nvidia', lines: [line] },
    });
  });

  it('two events have the same identity however their fields are ordered, and different ones when any field differs', () => {
    const hashOf = (value: unknown): string => {
      const parsed = parseSubmission(value);
      return parsed.ok ? parsed.hash.toString('hex') : 'refused';
    };
    const reversed = Object.fromEntries(Object.entries(placed()).reverse());
    expect(hashOf(reversed)).toBe(hashOf(placed()));
    expect(hashOf(placed())).toBe(requestHash(placed()).toString('hex'));
    expect(hashOf(placed({}, { note: 'n' }))).not.toBe(hashOf(placed()));
    expect(hashOf(placed({ correlationid: 'c' }))).not.toBe(hashOf(placed()));
  });

  it('the identity of an event is the SHA-256 of its canonical form (RFC 8785)', () => {
    const sample = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\u0022\u002f",
      literals: [null, true, false],
    };
    // RFC 8785 §3.2.2 and §3.2.3: the example and its form.
    const form = String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`;
    expect(requestHash(sample).toString('hex')).toBe(createHash('sha256').update(form).digest('hex'));
  });

  it.each([
    ['0', 0, 'at least 1'],
    ['negative', -5, 'at least 1'],
    ['fractional', 1.5, 'expected a whole number, got 1.5'],
    ['beyond 2³¹−1', 2 ** 31, 'at most 2147483647'],
    ['a string', '12', 'expected number, got string'],
    ['null', null, 'expected number, got null'],
  ])('an event with a quantity that is %s is refused with a pointer to the quantity', (_what, quantity, detail) => {
    expect(refused(placed({}, { lines: [line, { ...line, line: '2', quantity }] }))).toMatchObject({
      status: 400,
      code: 'malformed',
      errors: [{ pointer: '/data/lines/1/quantity', detail }],
    });
  });

  it('a huge quantity is reported once', () => {
    for (const quantity of [1e300, Infinity, 2 ** 60]) {
      expect(pointers(placed({}, { lines: [{ ...line, quantity }] }))).toEqual(['/data/lines/0/quantity']);
    }
  });

  it('every bad field of the envelope and of the data is reported at once', () => {
    const bad = placed(
      { id: undefined, specversion: '0.3', time: '2023-12-01T00:00:00' },
      { buyer: '', lines: [{ ...line, window: { from: '2023-12-31', to: '2023-12-01' }, colour: 'red' }], 'a/b~c': 1 },
    );
    delete bad.id;
    expect(new Set(pointers(bad))).toEqual(
      new Set([
        '/id',
        '/specversion',
        '/time',
        '/data/buyer',
        '/data/lines/0/window/to',
        '/data/lines/0/colour',
        '/data/a~1b~0c',
      ]),
    );
    expect(details(bad)['/id']).toBe('missing');
  });

  it('an event that sets what only the ledger sets is refused, and the answer says why', () => {
    const errors = details(
      placed(
        { sequence: 7, recordedtime: '2023-12-01T00:00:00Z', actor: 'me', ledger: 'nvidia', Colour: 'red' },
        { moves: [] },
      ),
    );
    expect(errors['/sequence']).toBe('not for a submitter to set: the ledger gives an event its place');
    expect(errors['/recordedtime']).toMatch(/^not for a submitter to set/);
    expect(errors['/actor']).toMatch(/^not for a submitter to set/);
    expect(errors['/ledger']).toMatch(/^not for a submitter to set/);
    expect(errors['/data/moves']).toMatch(/^not for a submitter to set/);
    expect(errors['/Colour']).toMatch(/^unknown attribute: the names of extensions/);
  });

  it('attributes that CloudEvents knows are taken and kept, and never part of what the event is', () => {
    const tracing = {
      datacontenttype: 'application/vnd.nvidia+json; charset=utf-8',
      dataschema: 'https://example.com/order.json',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      sampledrate: 12,
      audited: true,
      empty: '',
      partitionkey: 'acme',
      correlationid: null,
    };
    const parsed = parseSubmission(placed(tracing));
    const plain = parseSubmission(placed());
    if (!parsed.ok || !plain.ok) throw new Error('refused');
    const { dataschema, traceparent, sampledrate, audited, empty } = tracing;
    expect(parsed.event).toEqual({
      ...plain.event,
      extensions: { dataschema, traceparent, sampledrate, audited, empty },
    });
    expect(parsed.hash).toEqual(plain.hash);
    expect(parsed.sentHash).not.toEqual(plain.hash);
  });

  it('an event that says its subject is the same event, and the same as releases took it for', () => {
    const subject = subjectOf('lading.order.placed.v1', placed().data as never);
    const plain = parseSubmission(placed());
    for (const more of [{}, { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }]) {
      const parsed = parseSubmission(placed({ subject, ...more }));
      if (!parsed.ok || !plain.ok) throw new Error('refused');
      expect(parsed.hash).toEqual(plain.hash);
      expect(parsed.sentHash).toEqual(requestHash(placed({ subject })));
    }
  });

  it('data that came as bytes in base64 is the same data', () => {
    const { data, ...rest } = placed();
    const data_base64 = Buffer.from(JSON.stringify(data)).toString('base64');
    const [bytes, json] = [parseSubmission({ ...rest, data_base64 }), parseSubmission(placed())];
    expect(bytes.ok && json.ok && [bytes.event, bytes.hash]).toEqual(json.ok && [json.event, json.hash]);
    for (const bad of [
      { data, data_base64 },
      { data_base64: 'e30' + '!' },
      { data_base64: 'bm8=' },
      { data_base64: 7 },
    ]) {
      expect(pointers({ ...rest, ...bad })).toContain('/data_base64');
    }
  });

  it.each([
    ['a name with a capital letter', { traceParent: 'x' }, '/traceParent'],
    ['a name with an underscore', { trace_parent: 'x' }, '/trace_parent'],
    ['a name of 65 letters', { ['a'.repeat(65)]: 'x' }, `/${'a'.repeat(65)}`],
    ['an object', { traceparent: {} }, '/traceparent'],
    ['a fraction', { sampledrate: 1.5 }, '/sampledrate'],
    ['a number of more than 32 bits', { sampledrate: 2 ** 31 }, '/sampledrate'],
    ['a control character', { traceparent: 'a\u0000' }, '/traceparent'],
    ['more than 2,000 characters', { traceparent: 'a'.repeat(2_001) }, '/traceparent'],
    ['data that is no JSON', { datacontenttype: 'text/plain' }, '/datacontenttype'],
    ['a schema that is no URI', { dataschema: 'order.json' }, '/dataschema'],
    ['more than 50 of them', Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`x${i}`, ''])), ''],
  ])(
    'an event with an attribute that CloudEvents does not allow is refused with its pointer: %s',
    (_, over, pointer) => {
      expect(pointers(placed(over))).toEqual([pointer]);
    },
  );

  it('an event whose subject contradicts its data is refused', () => {
    expect(details(placed({ subject: 'order/PO-2' }))).toEqual({
      '/subject': 'contradicts the data, which is about order/PO-TSLA-1: leave it out',
    });
  });

  it.each([
    '2023-12-01',
    '2023-12-01T00:00:00',
    '2023-02-31T00:00:00Z',
    '2023-12-01T25:00:00Z',
    'yesterday',
    1701388800,
  ])('an event with the time %s, which is not a moment with an offset, is refused', (time) => {
    expect(pointers(placed({ time }))).toEqual(['/time']);
  });

  it('__proto__, constructor and prototype are refused as unknown fields, and change no object', () => {
    const text = JSON.stringify(placed()).replace('"order"', '"__proto__":{"admin":true},"constructor":{},"order"');
    expect(new Set(pointers(JSON.parse(text)))).toEqual(new Set(['/data/__proto__', '/data/constructor']));
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect(pointers(JSON.parse('{"__proto__": {"type": "lading.order.placed.v1"}}'))).toContain('/__proto__');
    expect(refused(placed({ type: 'constructor' })).code).toBe('unknown-type');
    expect(refused(placed({ type: '__proto__' })).code).toBe('unknown-type');
  });

  it('an event with a text that is not Unicode is refused, because RFC 8785 has no form for it', () => {
    expect(pointers(placed({}, { note: 'half \ud83d' }))).toEqual(['/data/note']);
    expect(parseSubmission(placed({}, { note: 'whole 😀' })).ok).toBe(true);
  });

  it('an event that nests too deep is refused without exhausting the stack', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(refused(placed({}, { note: deep })).code).toBe('malformed');
  });

  it.each([null, 3, 'text', [], {}, true])('the JSON value %j is refused as an event', (value) => {
    expect(refused(value)).toMatchObject({ status: 400, code: 'malformed' });
  });

  it('an event of an unknown type is refused with the names of similar types', () => {
    expect(refused(placed({ type: 'lading.order.place.v1' }))).toMatchObject({
      code: 'unknown-type',
      facts: { similar: ['lading.order.placed.v1'] },
    });
    expect(refused(placed({ type: 'lading.order.placed.v2' })).facts).toEqual({ similar: ['lading.order.placed.v1'] });
    expect(refused(placed({ type: 'x' })).facts).toEqual({ similar: [] });
  });

  it('an event of a type that another service takes is refused with the name of that service', () => {
    expect(refused(placed(), ['swaps'])).toMatchObject({
      code: 'type-not-served-here',
      facts: { service: 'shipments' },
    });
  });

  it('an event of a type that only the ledger writes is refused', () => {
    expect(refused(placed({ type: 'lading.ledger.opened.v1', data: { name: 'n', keeper: 'k' } }))).toMatchObject({
      code: 'malformed',
      errors: [{ pointer: '/type' }],
    });
  });

  it('errors in serial numbers are reported for the form, list or range, that was meant', () => {
    const serials = (value: unknown): string[] => pointers(placed({}, { lines: [{ ...line, serials: value }] }));
    expect(serials({ prefix: 'H-', from: 5, to: 1, digits: 4 })).toEqual(['/data/lines/0/serials/to']);
    expect(serials({ prefix: 'H-', from: 1, to: 5 })).toEqual(['/data/lines/0/serials/digits']);
    expect(serials(['ok', 'not ok '])).toEqual(['/data/lines/0/serials/1']);
    expect(serials(['ok', { prefix: 'H-', from: 'x', to: 5, digits: 4 }])).toEqual(['/data/lines/0/serials/1/from']);
    expect(details(placed({}, { lines: [{ ...line, serials: 3 }] }))).toEqual({
      '/data/lines/0/serials': 'expected object or array, got number',
    });
  });

  it('an event with more lines or legs than the contract takes is refused with how many it takes', () => {
    const lines = Array.from({ length: MAX_LINES + 1 }, (_, i) => ({ ...line, line: String(i) }));
    expect(parseSubmission(placed({}, { lines: lines.slice(1) })).ok).toBe(true);
    for (const many of [lines, [...lines, ...lines.map((one) => ({ ...one, line: `${one.line}b` }))]]) {
      expect(refused(placed({}, { lines: many }))).toMatchObject({
        status: 422,
        code: 'event-too-large',
        detail: expect.stringContaining('lading.order.lines_added.v1'),
        facts: { fits: MAX_LINES },
        errors: [{ pointer: '/data/lines', detail: `at most ${MAX_LINES} entries` }],
      });
    }
  });

  it('an event over 65,535 bytes is refused with its size before it is processed further', () => {
    const serials = (digits: number) => Array.from({ length: 20 }, (_, n) => String(n).padEnd(digits, '0'));
    const lines = (digits: number) =>
      Array.from({ length: MAX_LINES }, (_, i) => ({ ...line, line: String(i), serials: serials(digits) }));
    // The ledger says how many of these lines fit, and is not asked about more than could.
    const large = parseSubmission(placed({}, { lines: lines(40) }));
    const { data } = (large as { event: { data: { lines: unknown[] } } }).event;
    expect(large).toMatchObject({ ok: true, bytes: expect.any(Number) });
    expect(JSON.stringify(data.lines).length).toBeLessThanOrEqual(65_535 + MAX_LINES);
    expect(JSON.stringify([...data.lines, lines(40)[data.lines.length]]).length).toBeGreaterThan(65_535);
    expect(refused(placed({}, { lines: lines(100) }))).toMatchObject({
      status: 422,
      code: 'event-too-large',
      facts: { limit: 65_535 },
    });
    expect(refused(placed({}, { lines: Array.from({ length: 40_000 }, () => 0) }))).toMatchObject({
      status: 422,
      code: 'event-too-large',
    });
  });
});
