import { type EventType, catalog, eventTypes } from './catalog.ts';
import { type JsonSchema, envelopeSchema, eventSchema, jsonSchemaOf } from './jsonSchema.ts';

/** The Kafka topic that carries every event of every ledger, unless the operator names another. */
const DEFAULT_TOPIC = 'lading.events';

const inside = (document: JsonSchema, name: string): JsonSchema =>
  (document.$defs as Record<string, JsonSchema>)[name] ?? {};

const message = (type: EventType): JsonSchema => ({
  name: type,
  title: type,
  contentType: 'application/cloudevents+json',
  headers: { $ref: '#/components/schemas/headers' },
  payload: {
    allOf: [
      { $ref: '#/components/schemas/envelope' },
      { type: 'object', properties: { type: { const: type }, data: jsonSchemaOf(catalog[type].completed) } },
    ],
  },
  bindings: {
    kafka: { key: { type: 'string', description: "The ledger's id: one ledger, one partition, one order." } },
  },
  'x-json-schema': eventSchema(type).$id,
});

const headers: JsonSchema = {
  type: 'object',
  properties: {
    'content-type': { const: 'application/cloudevents+json' },
    ledger: { type: 'string', description: "The ledger's id, as in the event." },
    sequence: { type: 'string', pattern: '^[1-9][0-9]*$', description: 'The sequence, without leading zeros.' },
  },
  required: ['content-type', 'ledger', 'sequence'],
};

const DESCRIPTION = `Every event of every ledger, exactly the bytes that the ledger keeps (CloudEvents 1.0, structured mode).

All events of one ledger are on one partition, in ascending \`sequence\` and without a gap: 1, 2, 3 … Across ledgers there
is no order. An event may appear again (delivery is at least once): skip a sequence that you have dealt with. If the next
one is not the last plus one, stop: something is missing. Retention is unlimited. The events of an atomic batch carry
\`batchindex\` and \`batchsize\`, so that no reader shows half of it.

Flags are no events, and are not on this topic: they follow from the events and from the clock. Ask for them over HTTP
(\`GET /v1/ledgers/{ledger}/flags\`), or be told as they are raised and cleared (\`GET /v1/ledgers/{ledger}/events/stream?flags=true\`).`;

/** The AsyncAPI 3.0 document of the topic. `topic` is its name where it runs. */
export function asyncApi(topic = DEFAULT_TOPIC): JsonSchema {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Lading events',
      version: '1.0.0',
      description: 'Who holds which hardware, who was promised it, and what is owed in return, as events.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/cloudevents+json',
    channels: {
      'lading.events': {
        address: topic,
        title: 'Every event of every ledger',
        description: DESCRIPTION,
        messages: Object.fromEntries(eventTypes.map((type) => [type, { $ref: `#/components/messages/${type}` }])),
        bindings: {
          kafka: {
            topic,
            topicConfiguration: { 'cleanup.policy': ['delete'], 'retention.ms': -1, 'retention.bytes': -1 },
            bindingVersion: '0.5.0',
          },
        },
      },
    },
    operations: {
      readEvents: {
        action: 'send',
        channel: { $ref: '#/channels/lading.events' },
        summary: "The relay publishes each ledger's events in the order of their sequence.",
      },
    },
    components: {
      messages: Object.fromEntries(eventTypes.map((type) => [type, message(type)])),
      schemas: { headers, envelope: inside(envelopeSchema(), 'stored') },
    },
  };
}
