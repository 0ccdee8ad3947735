import { describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { catalog, eventTypes, subjectOf } from './catalog.ts';
import { parseEvent, eventText } from './cloudEvent.ts';
import { StoredEvent } from './storedEvent.ts';

const folder = new URL('../golden/', import.meta.url);

describe('an event of every version ever published', () => {
  it('is kept here for each type', () => {
    expect(readdirSync(folder).sort()).toEqual(eventTypes.map((type) => `${type}.json`).sort());
  });

  it.each(eventTypes)('%s: its bytes are read by the code of today and written back the same', (type) => {
    const bytes = readFileSync(new URL(`${type}.json`, folder));
    const event = parseEvent(bytes);
    expect(event.type).toBe(type);
    expect(catalog[type].completed.parse(event.data)).toEqual(event.data);
    StoredEvent.parse(JSON.parse(bytes.toString()));
    expect(event.subject).toBe(subjectOf(type, event.data));
    const {
      specversion: _v,
      datacontenttype: _t,
      partitionkey: _p,
      ...written
    } = event as typeof event & Record<string, unknown>;
    expect(eventText(written as typeof event)).toBe(bytes.toString());
  });
});
