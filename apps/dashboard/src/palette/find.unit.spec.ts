import { describe, expect, it } from 'vitest';
import { placeOf } from '../url/place.ts';
import { asksForPalette, foundBy } from './find.ts';

const to = placeOf({ pathname: '/app/nvidia/holdings', search: '' });
const all = [
  { kind: 'Order', name: 'PO-X-1', about: 'H100 for x, from nvidia', to },
  { kind: 'Party', name: 'x', about: 'X Corp.', to },
  { kind: 'Party', name: 'xai', about: 'xAI', to },
  { kind: 'Shipment', name: 'S-1', about: 'for tesla, on dhl', to },
];
const names = (text: string) => foundBy(text, all).map(({ name }) => name);

describe('the palette', () => {
  it('finds the whole name first, then what begins so, has it inside, or is said to be so', () => {
    expect(names('X')).toEqual(['x', 'xai', 'PO-X-1']);
    expect(names('po-')).toEqual(['PO-X-1']);
    expect(names('shipment tesla')).toEqual(['S-1']);
    expect(names('corp')).toEqual(['x']);
  });

  it('finds nothing that is not there, everything for nothing, and never more than can be looked at', () => {
    expect(names('H200')).toEqual([]);
    expect(foundBy(' ', all, 3)).toHaveLength(3);
  });

  it('opens at / and Ctrl K, and not where somebody writes', () => {
    const key = { key: '/', ctrlKey: false, metaKey: false, altKey: false, target: { tagName: 'BODY' } };
    expect(asksForPalette(key)).toBe(true);
    expect(asksForPalette({ ...key, target: { tagName: 'INPUT' } })).toBe(false);
    expect(asksForPalette({ ...key, key: 'k', ctrlKey: true, target: { tagName: 'INPUT' } })).toBe(true);
    expect(asksForPalette({ ...key, key: 'k' })).toBe(false);
  });
});
