import { describe, expect, it } from 'vitest';
import { eventText, MAX_EVENT_BYTES } from '#contracts/cloudEvent';
import type { Told } from '#test/ledger/facts';
import { december, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';
import { splitEvent } from './splitEvents.ts';

const LINES = 700;
const name = (n: number) => `WH/OUT/${n}`;
const lines = (more: object) =>
  Array.from({ length: LINES }, (_, n) => ({ order: 'PO/2026/1', line: name(n), ...more }));
const large: readonly Told[] = [
  tell('order.placed', {
    ...{ order: 'PO/2026/1', buyer: 'tesla', supplier: 'nvidia', note: 'Spares' },
    lines: Array.from({ length: LINES }, (_, n) => ({ line: name(n), item: 'H100', quantity: 10, window: december })),
  }),
  tell('order.confirmed', {
    ...{ order: 'PO/2026/1', document: 'POA 1' },
    lines: Array.from({ length: LINES }, (_, n) => ({
      line: name(n),
      code: 'changed' as const,
      quantity: 10,
      window: december,
    })),
  }),
  tell('shipment.dispatched', {
    ...{ shipment: 'S/1', consignee: 'tesla', carrier: 'dhl', document: 'ASN 1' },
    lines: lines({ quantity: 10 }) as never,
  }),
  tell('shipment.received', {
    ...{ shipment: 'S/1', by: 'tesla', final: true, document: 'GR 1' },
    lines: lines({ received: 8, damaged: 1 }) as never,
  }),
];

interface Part {
  readonly id: string;
  readonly type: Told['type'];
  readonly data: { readonly lines: readonly unknown[]; readonly final?: boolean; readonly document?: string };
}
const partsOf = (told: Told, id = 'e-1'): Part[] =>
  splitEvent({ text: JSON.stringify({ specversion: '1.0', id, source: 'urn:test', ...told }), where: 'a:1' }).map(
    ({ text }) => JSON.parse(text) as Part,
  );

describe('a large event that is divided', () => {
  it('has all its lines in its parts, each of which the ledger takes and none of which is too large', () => {
    const story = given();
    for (const told of large) {
      const parts = partsOf(told);
      expect(parts.length).toBeGreaterThan(3);
      expect(parts.flatMap(({ data }) => data.lines)).toEqual('lines' in told.data && told.data.lines);
      for (const { type, data } of parts) {
        story.take({ type, data } as unknown as Told);
        expect(Buffer.byteLength(eventText(story.ledger.events.at(-1)!))).toBeLessThan(MAX_EVENT_BYTES);
      }
    }
    expect(story.units().filter((units) => units.includes(' held '))).toHaveLength(LINES);
  });

  it('is divided the same whenever it is sent: the first part keeps the id, the others add their number', () => {
    for (const told of large) {
      const parts = partsOf(told, 'asn 7');
      expect(parts).toEqual(partsOf(told, 'asn 7'));
      expect(parts.map(({ id }) => id)).toEqual(parts.map((_, at) => (at === 0 ? 'asn 7' : `asn 7/${at + 1}`)));
    }
  });

  it('of a final receipt only the last part is final, and only the first part has the document’s own number', () => {
    const parts = partsOf(large[3]!);
    expect(parts.map(({ data }) => data.final)).toEqual(parts.map((_, at) => at === parts.length - 1));
    expect(parts.map(({ data }) => data.document)).toEqual(
      parts.map((_, at) => (at === 0 ? 'GR 1' : `GR 1/${at + 1}`)),
    );
  });

  it('is left as it is when it is small, of another type, or no event', () => {
    const { type, data } = large[0]!;
    const small = JSON.stringify({ id: 'a', type, data: { ...data, lines: [{ line: '1' }] } });
    for (const text of [
      small,
      '{}',
      'null',
      'no json',
      '{"id":"a","type":"lading.order.placed.v1","data":{"lines":[1]}}',
    ]) {
      const event = { text, where: 'a:1' };
      expect(splitEvent(event)).toEqual([event]);
    }
  });
});
