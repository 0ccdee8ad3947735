import { describe, expect, it } from 'vitest';
import { readFileSync, readdirSync } from 'node:fs';
import { catalog, eventTypes, subjectOf } from './catalog.ts';
import { parseEvent, eventText } from './cloudEvent.ts';
import { StoredEvent } from './storedEvent.ts';

const folder = new URL('../golden/', import.meta.url);

describe('an event of every version ever published', () => {
  // A type has one by its name alone, and one for each field that came later: `lading.shipment.dispatched.v1.over.json`.
  const files = readdirSync(folder);
  const typeOf = (file: string) => eventTypes.find((type) => file === `${type}.json` || file.startsWith(`${type}.`));

  it('is kept here for each type, and for no other', () => {
    expect(files).toEqual(expect.arrayContaining(eventTypes.map((type) => `${type}.json`)));
    expect(files.filter((file) => typeOf(file) === undefined)).toEqual([]);
  });

  it.each(eventTypes)('%s: each of its fields is in one of them', (type) => {
    const events = files
      .filter((file) => typeOf(file) === type)
      .map((file) => parseEvent(readFileSync(new URL(file, folder))));
    const fields = Object.keys((catalog[type].completed as unknown as { readonly shape?: object }).shape ?? {});
    const there = new Set(events.flatMap(({ data }) => Object.keys(data)));
    // Serial numbers are the same everywhere.
    expect(fields.filter((field) => field !== 'serials' && !there.has(field))).toEqual([]);
  });

  it.each(files)('%s: its bytes are read by the code of today and written back the same', (file) => {
    const bytes = readFileSync(new URL(file, folder));
    const event = parseEvent(bytes);
    const { type } = event;
    expect(type).toBe(typeOf(file));
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
