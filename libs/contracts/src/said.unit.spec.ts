import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { parseEvent } from './cloudEvent.ts';
import { examples } from './examples.ts';
import { repeatable, saidIn } from './said.ts';

describe('what an event says', () => {
  it.each(repeatable)(
    '%s: it is what was submitted, without anything that the ledger adds, in whatever order',
    (type) => {
      const golden = parseEvent(readFileSync(new URL(`../golden/${type}.json`, import.meta.url)));
      const said = JSON.parse(saidIn(golden)) as Record<string, unknown>;
      expect(Object.keys(said)).not.toEqual(expect.arrayContaining(['moves']));
      const text = JSON.stringify(said);
      for (const added of ['"moves"', '"item"', '"expected"', '"advised"', '"difference"', '"previous"']) {
        expect(text).not.toContain(added);
      }
      const reversed = Object.fromEntries(Object.entries(golden.data).toReversed());
      expect(saidIn({ type, data: reversed } as typeof golden)).toBe(saidIn(golden));
      expect(saidIn({ type, data: examples[type] } as typeof golden)).toContain('"');
    },
  );

  it('it can be said twice by every type that moves units under no id of its own', () => {
    expect(repeatable).toEqual(
      expect.arrayContaining([
        'lading.order.line_changed.v1',
        'lading.order.line_cancelled.v1',
        'lading.shipment.dispatched.v1',
        'lading.shipment.received.v1',
        'lading.shipment.lost.v1',
        'lading.units.scrapped.v1',
        'lading.custody.transferred.v1',
        'lading.count.adjusted.v1',
      ]),
    );
    expect(repeatable).not.toContain('lading.order.placed.v1');
    expect(repeatable).not.toContain('lading.order.lines_added.v1');
    expect(repeatable).not.toContain('lading.reallocation.made.v1');
  });
});
