import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiQuery, type ApiQueryOptions, ApiResponse } from '@nestjs/swagger';
import { catalog, type EventType, typesOf } from '#contracts/catalog';
import type { Service } from '#contracts/define';
import { SubmittedEnvelope } from '#contracts/cloudEvent';
import { type JsonSchema, jsonSchemaOf } from '#contracts/jsonSchema';
import { cloudEvent } from '../formats/cloudEvent.ts';
import { cloudEventBatch } from '../formats/cloudEventBatch.ts';
import { ndjson } from '../formats/ndjson.ts';
import { limits } from '../limits.ts';
import { eventExamples, workingEvents } from './workingExamples.ts';
import {
  always,
  asSchema,
  dryRunParameter,
  ifMatchHeader,
  ITEM,
  ledgerParameter,
  problems,
  RECEIPT,
} from './responses.ts';

/** What the OpenAPI document says about the route that takes the event types of these services. */
export function SubmitsEvents(served: readonly Service[]): MethodDecorator {
  const results = { type: 'object', properties: { results: { type: 'array', items: ITEM } }, required: ['results'] };
  return applyDecorators(
    ApiOperation({
      summary: 'Submit events',
      tags: ['events'],
      description: `One event, a batch of at most ${limits.batchEvents} in order (\`?atomic=true\`: at most ${limits.atomicEvents}, all or none), or a stream of any length, a line each. The media type says which. One event may also come in the binary mode of CloudEvents: its data is the body, in any JSON type, and its attributes are headers, \`ce-id\`, \`ce-source\` and so on, percent-encoded where they are not ASCII. Extension attributes (\`traceparent\`) and \`dataschema\` are kept and passed on, and never decide whether two events are the same. An event with the same source, id and body is taken once, however often it is sent.`,
      // Made with the document, for which hardly any process is asked.
      requestBody: {
        required: true,
        get content() {
          return bodiesOf(served);
        },
      },
    }),
    ledgerParameter(),
    ApiQuery(ATOMIC),
    dryRunParameter(),
    ifMatchHeader(),
    ...BINARY_MODE.map(([name, description]) =>
      ApiHeader({
        name,
        required: false,
        description: `In binary mode only: ${description}`,
        schema: { type: 'string' },
      }),
    ),
    ApiResponse({
      status: 201,
      description: 'One event, or an atomic batch, was taken in and is committed.',
      content: { 'application/json': { schema: asSchema({ oneOf: [RECEIPT, results] }) } },
    }),
    ApiResponse({
      status: 200,
      description:
        'One event or an atomic batch that the ledger had already (`Idempotent-Replay: true`); the results of a batch in its order; the results of a stream, a line each, in its order, as they commit.',
      headers: {
        'Idempotent-Replay': {
          description: '`true`: nothing was done, this is the answer again.',
          schema: { type: 'string' },
        },
      },
      content: {
        'application/json': { schema: asSchema({ oneOf: [RECEIPT, results] }) },
        [ndjson.mediaType]: {
          schema: { type: 'string', description: 'One `{line, status, sequence | problem}` a line' },
          example: '{"line":1,"status":201,"sequence":17}\n',
        },
      },
    }),
    always(served.map((service) => `${service}:write`).join(' or ')),
    problems({
      400: 'Not JSON, not an event (each bad field is named by its pointer), a type that is not taken here (`type-not-served-here`), a parameter that is unknown, or one that does not fit: only a batch can be atomic.',
      404: 'No such ledger.',
      409: 'The same source and id are there with another body (a `time` that is written otherwise makes another body), or part of an atomic batch is there.',
      412: 'The stream has moved on since the version that If-Match names.',
      422: 'The ledger refuses it: `code` says why, and the facts beside it what there is. Of an atomic batch: the first that fails, at `index`.',
    }),
  );
}

const ATOMIC: ApiQueryOptions = {
  name: 'atomic',
  required: false,
  description: 'Of a batch: all of its events are kept, or none. `true` is refused of one event and of a stream.',
  schema: { type: 'boolean', default: false },
};

/** The headers of an event in binary mode. An extension attribute is a header more. */
const BINARY_MODE = [
  ['ce-specversion', '1.0.'],
  ['ce-id', 'the id of the event.'],
  ['ce-source', 'its source.'],
  ['ce-type', 'its type.'],
  ['ce-time', 'when it happened (RFC 3339).'],
  ['ce-subject', 'what it is about. It follows from the data, and may be left out.'],
] as const;

type Envelope = JsonSchema & { readonly properties: Readonly<Record<string, unknown>> };

/** What may be submitted, by the media type of the body. */
function bodiesOf(served: readonly Service[]) {
  const types = served.flatMap(typesOf);
  const story = workingEvents(served);
  const envelope = jsonSchemaOf(SubmittedEnvelope) as Envelope;
  const schemas = types.map((type) => eventSchema(type, envelope));
  return {
    [cloudEvent.mediaType]: { schema: asSchema({ oneOf: schemas }), examples: eventExamples(types) },
    [cloudEventBatch.mediaType]: {
      schema: asSchema({ type: 'array', maxItems: limits.batchEvents, items: envelope }),
      example: story,
    },
    [ndjson.mediaType]: {
      schema: { type: 'string', description: 'One event a line' },
      example: story.map((event) => JSON.stringify(event)).join('\n'),
    },
    'application/json': {
      schema: asSchema({
        description: 'The data of one event in binary mode; its attributes are the headers `ce-…`.',
        anyOf: types.map((type) => ({ title: type, ...jsonSchemaOf(catalog[type].submitted) })),
      }),
      examples: dataOf(eventExamples(types)),
    },
  };
}

/** The same examples in binary mode: their data alone. */
const dataOf = (shown: ReturnType<typeof eventExamples>) =>
  Object.fromEntries(
    Object.entries(shown).map(([type, { value }]) => [type, { value: (value as { data: unknown }).data }]),
  );

function eventSchema(type: EventType, envelope: Envelope): JsonSchema {
  return {
    title: type,
    externalDocs: { url: `/schemas/${type}.json`, description: 'The JSON Schema of this type' },
    ...envelope,
    properties: { ...envelope.properties, type: { const: type }, data: jsonSchemaOf(catalog[type].submitted) },
  };
}
