import { z } from 'zod';
import { type EventType, catalog } from './catalog.ts';
import { SubmittedEnvelope } from './cloudEvent.ts';
import { examples } from './examples.ts';
import { StoredEvent } from './storedEvent.ts';

/** A JSON Schema (draft 2020-12), or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The schema of a value as it is sent or stored, without the `$schema` that only a whole document carries. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

/**
 * The document that is published for an event type: `$defs.submitted` is what a submitter sends as `data`,
 * `$defs.completed` what the ledger keeps as `data`.
 */
export function eventSchema(type: EventType): JsonSchema {
  const { submitted, completed, service } = catalog[type];
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:lading:schema:${type}`,
    title: type,
    description:
      service === 'ledger' ? 'Written by the ledger itself; nobody submits it.' : `Taken by the service ${service}.`,
    $ref: '#/$defs/completed',
    $defs: {
      submitted: { ...jsonSchemaOf(submitted), examples: [examples[type]] },
      completed: jsonSchemaOf(completed),
    },
  };
}

/** The CloudEvent around the data: as a submitter sends it, and as the ledger keeps it. */
export function envelopeSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:lading:schema:envelope',
    title: 'The CloudEvent around every event',
    $ref: '#/$defs/stored',
    $defs: { submitted: jsonSchemaOf(SubmittedEnvelope), stored: jsonSchemaOf(StoredEvent) },
  };
}
