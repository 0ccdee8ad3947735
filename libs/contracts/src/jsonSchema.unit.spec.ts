import { describe, expect, it } from 'vitest';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { asyncApi } from './asyncApi.ts';
import { catalog, eventTypes } from './catalog.ts';
import { parseEvent } from './cloudEvent.ts';
import { examples } from './examples.ts';
import { envelopeSchema, eventSchema } from './jsonSchema.ts';

const ajv = new Ajv2020({ allErrors: true, strict: false });
formats.default(ajv);

const document = asyncApi() as { components: { messages: Record<string, { payload: object }>; schemas: object } };

const golden = (type: string) => readFileSync(new URL(`../golden/${type}.json`, import.meta.url));

describe('the JSON Schema of an event type', () => {
  for (const type of eventTypes) ajv.addSchema(eventSchema(type));

  it.each(eventTypes)('%s takes what zod takes, and refuses what it refuses', (type) => {
    const submitted = ajv.getSchema(`urn:lading:schema:${type}#/$defs/submitted`)!;
    const completed = ajv.getSchema(`urn:lading:schema:${type}#/$defs/completed`)!;
    expect([submitted(examples[type]), submitted.errors]).toEqual([true, null]);
    expect([completed(parseEvent(golden(type)).data), completed.errors]).toEqual([true, null]);
    for (const bad of [{}, [], 'text', { ...examples[type], surprise: 1 }]) {
      expect(submitted(bad)).toBe(false);
      expect(catalog[type].submitted.safeParse(bad).success).toBe(false);
    }
  });

  it.each(eventTypes)('a message on the topic is described by AsyncAPI: %s', (type) => {
    const payload = {
      ...document.components.messages[type]?.payload,
      components: { schemas: document.components.schemas },
    };
    const isMessage = ajv.compile(payload);
    const message = JSON.parse(golden(type).toString()) as object;
    expect([isMessage(message), isMessage.errors]).toEqual([true, null]);
    expect(isMessage({ ...message, type: 'lading.other.v1' })).toBe(false);
  });

  it('the envelope of a stored event is described, too', () => {
    const stored = ajv.compile(envelopeSchema());
    expect(stored(JSON.parse(golden('lading.swap.executed.v1').toString()))).toBe(true);
    expect(stored({ specversion: '1.0' })).toBe(false);
  });
});
