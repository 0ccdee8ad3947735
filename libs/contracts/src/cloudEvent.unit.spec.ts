import { describe, expect, it } from 'vitest';
import { eventText, formatSequence, type LedgerEvent, parseEvent, SubmittedEnvelope } from './cloudEvent.ts';
import { subjectOf } from './catalog.ts';

const event: LedgerEvent = {
  id: 'e-17',
  source: 'urn:nvidia:erp',
  type: 'lading.shipment.lost.v1',
  subject: 'shipment/S-1',
  time: '2023-12-31T10:00:00+01:00',
  ledger: 'nvidia',
  sequence: 17,
  recordedtime: '2023-12-31T09:00:01.123Z',
  actor: 'erp',
  correlationid: 'c-1',
  batchindex: 0,
  batchsize: 2,
  data: {
    shipment: 'S-1',
    lines: [{ order: 'PO-1', line: '1', owner: 'tesla', item: 'H100', quantity: 5 }],
    reason: 'Überfall, « sic »',
    moves: [
      {
        item: 'H100',
        order: 'PO-1',
        line: '1',
        quantity: 5,
        from: { owner: 'tesla', custodian: 'dhl', stage: 'in_transit', shipment: 'S-1' },
        to: { owner: 'tesla', custodian: 'dhl', stage: 'lost' },
      },
    ],
  },
};

describe('an event as bytes', () => {
  it('says everything that the event says, and reads back as the same event', () => {
    expect(parseEvent(Buffer.from(eventText(event)))).toMatchObject(event);
  });

  it('is written the same again after it was read: nothing is lost, added or moved', () => {
    const text = eventText(event);
    expect(eventText(parseEvent(Buffer.from(text)))).toBe(text);
  });

  it('is a CloudEvent in structured mode, partitioned by its ledger, its sequence sorting as text', () => {
    const json = JSON.parse(eventText(event)) as Record<string, unknown>;
    expect(json).toMatchObject({
      specversion: '1.0',
      datacontenttype: 'application/json',
      partitionkey: 'nvidia',
      sequence: '0000000000000017',
    });
    expect(['9', '10'].map(Number).map(formatSequence).sort()).toEqual(['0000000000000009', '0000000000000010']);
  });

  it('leaves out what it does not have', () => {
    const { correlationid: _c, batchindex: _i, batchsize: _s, ...alone } = event;
    const text = eventText(alone);
    expect(text).not.toMatch(/correlationid|causationid|batch/);
  });

  it.each([
    ['not JSON', 'not json', /JSON/],
    ['no object', '[]', /not an event of a ledger/],
    ['no sequence', JSON.stringify({ ...JSON.parse(eventText(event)), sequence: '17' }), /sequence/],
    ['another version of CloudEvents', eventText(event).replace('"1.0"', '"0.3"'), /specversion/],
  ])('is refused with what is wrong with it: %s', (_, text, message) => {
    expect(() => parseEvent(Buffer.from(text))).toThrow(message);
  });
});

describe('what a submitter sends', () => {
  const envelope = {
    specversion: '1.0',
    id: 'e-1',
    source: 'urn:erp',
    type: 'lading.party.registered.v1',
    time: '2023-12-31T10:00:00Z',
    data: {},
  };

  it('is an envelope with an id, a source, a type, a time with its offset, and data', () => {
    expect(SubmittedEnvelope.safeParse(envelope).success).toBe(true);
    for (const field of ['specversion', 'id', 'source', 'type', 'time', 'data']) {
      expect(SubmittedEnvelope.safeParse({ ...envelope, [field]: undefined }).success).toBe(false);
    }
  });

  it('may have attributes of CloudEvents’ types that nobody here knows, and no others', () => {
    for (const value of ['00-1-2-3', '', true, 7]) {
      expect(SubmittedEnvelope.safeParse({ ...envelope, anything: value }).success).toBe(true);
    }
    for (const value of [{}, [], 1.5, 2 ** 31, null, 'a\nb', 'x'.repeat(2_001)]) {
      expect(SubmittedEnvelope.safeParse({ ...envelope, anything: value }).success).toBe(false);
    }
  });

  it('has an id of at most 200 bytes in any script, and a source that is a URI reference', () => {
    const takes = (over: object) => SubmittedEnvelope.safeParse({ ...envelope, ...over }).success;
    for (const id of ['e 17', 'Auftrag-ü', '注文'.repeat(33), '🚚', 'a'.repeat(200)])
      expect([id, takes({ id })]).toEqual([id, true]);
    for (const id of ['', ' e', 'e ', 'a\tb', 'ü'.repeat(101), '\ud83d', '\ufffe'])
      expect([id, takes({ id })]).toEqual([id, false]);
    expect(takes({ source: '/sites/7?b=%C3%BC#a' })).toBe(true);
    for (const source of ['', 'a b', 'ü', 'a'.repeat(201)])
      expect([source, takes({ source })]).toEqual([source, false]);
  });

  it('has a source and a dataschema that the URI classes of other languages read', () => {
    const takes = (over: object) => SubmittedEnvelope.safeParse({ ...envelope, ...over }).success;
    const uris = [
      'urn:maker:erp',
      'https://maker.example:8443/a?b#c',
      'file:///a',
      'http://[::1]/',
      'ssh://git@host/a',
      'mailto:a@b',
      'a:?b',
    ];
    for (const uri of uris)
      expect([uri, takes({ source: uri }), takes({ dataschema: uri })]).toEqual([uri, true, true]);
    for (const source of ['erp', '/a:b', '//maker.example/a', '2026-01-05', '?a', '#a', './1:a'])
      expect([source, takes({ source }), takes({ dataschema: source })]).toEqual([source, true, false]);
    const none = [
      'http://[',
      'http://[a]',
      'http://',
      '//',
      'urn:',
      '1:a',
      '09:00:00Z',
      ':a',
      '%zz',
      'a%2',
      'urn:a|b',
      'http://a:b',
      'a\\b',
    ];
    for (const uri of [...none, '<a>', 'a#b#c', 'http://a:99999/', 'http://u:p@a/', '"a"', '{a}', 'urn:a[b]'])
      expect([uri, takes({ source: uri }), takes({ dataschema: uri })]).toEqual([uri, false, false]);
  });

  it('is about one thing, by its data', () => {
    expect(subjectOf('lading.swap.accepted.v1', { swap: 'SW-1', by: 'x' })).toBe('swap/SW-1');
    expect(subjectOf('lading.event.voided.v1', { sequence: 7, reason: 'did_not_occur' })).toBe('event/7');
    expect(subjectOf('lading.ledger.opened.v1', { name: 'L', keeper: 'nvidia' })).toBe('ledger');
  });
});
