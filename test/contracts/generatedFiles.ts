import { asyncApi } from '#contracts/asyncApi';
import { eventTypes } from '#contracts/catalog';
import { envelopeSchema, eventSchema } from '#contracts/jsonSchema';

const text = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;

/** The files under `generated/` that follow from the contracts alone, by path: what `npm run generate` writes. */
export function generatedFiles(): Map<string, string> {
  return new Map([
    ...eventTypes.map((type): [string, string] => [`schemas/${type}.json`, text(eventSchema(type))]),
    ['schemas/envelope.json', text(envelopeSchema())],
    ['asyncapi.json', text(asyncApi())],
  ]);
}
