import { describe, expect, it } from 'vitest';
import { readFileSync, readdirSync } from 'node:fs';
import { MAX_LINES } from '#contracts/bounded';
import { type EventType, eventTypes, isEventType } from '#contracts/catalog';
import { incompatibilities } from './compatibility.ts';
import { generatedFiles } from './generatedFiles.ts';
import { type JsonSchema, eventSchema } from '#contracts/jsonSchema';

const folder = (name: string) => new URL(`../../libs/contracts/${name}/`, import.meta.url);
const read = (name: string, file: string) => readFileSync(new URL(file, folder(name)), 'utf8');
const published = readdirSync(folder('published'))
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length));
const today = generatedFiles();
const defs = (schema: JsonSchema) => schema.$defs as { submitted: JsonSchema; completed: JsonSchema };

/** 1,000 lines were promised and never fitted (docs/decisions/036); what is kept may have them for ever. */
const FEWER_LINES = new RegExp(`^/submitted/(lines|legs): maxItems is ${MAX_LINES}, it was (1000|500)$`);

describe('the published contracts', () => {
  it.each([...today.keys()])('generated/%s is what the schemas say today (npm run generate)', (file) => {
    expect(read('generated', file)).toBe(today.get(file));
  });

  it('holds a file for each type and no other', () => {
    const files = readdirSync(new URL('schemas/', folder('generated')));
    expect(files.sort()).toEqual([...eventTypes, 'envelope'].map((type) => `${type}.json`).sort());
  });

  it('every type ever published is still there', () => {
    expect(published.filter((type) => !isEventType(type))).toEqual([]);
  });

  it.each(published)('every %s that was valid when it was published is valid today', (type) => {
    const before = defs(JSON.parse(read('published', `${type}.json`)) as JsonSchema);
    const now = defs(eventSchema(type as EventType));
    const found = incompatibilities(before.submitted, now.submitted, '/submitted');
    expect(found.filter((reason) => !FEWER_LINES.test(reason))).toEqual([]);
    expect(incompatibilities(before.completed, now.completed, '/completed')).toEqual([]);
  });
});
