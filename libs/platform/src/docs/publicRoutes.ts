import type { OpenAPIObject } from '@nestjs/swagger';
import { type EventType, eventTypes } from '#contracts/catalog';
import { envelopeSchema, eventSchema, type JsonSchema } from '#contracts/jsonSchema';
import { refTo } from './components.ts';

const PROBLEM = { schema: refTo('Problem') };

export const SCHEMA_TYPE = 'application/schema+json';
/** The JSON Schemas that are served, by the name of the file: each event type's, and that of the CloudEvent around it. */
export const schemaFiles: Readonly<Record<string, () => JsonSchema>> = {
  'envelope.json': envelopeSchema,
  ...Object.fromEntries(eventTypes.map((type: EventType) => [`${type}.json`, () => eventSchema(type)])),
};

const LEADS_ON = {
  description: 'To the page.',
  content: { 'text/html': {} },
  headers: { Location: { description: 'Where the page is.', schema: { type: 'string' as const } } },
};

interface PublicRoute {
  readonly summary: string;
  readonly description: string;
  readonly type: string;
  readonly others?: Readonly<Record<number, object>>;
  readonly parameters?: readonly object[];
}

/** Answered without a key: they tell nothing about anybody's hardware. */
const PUBLIC: Readonly<Record<string, PublicRoute>> = {
  '/health/live': {
    summary: 'Whether the process runs',
    description: 'When this fails, start the process again.',
    type: 'application/json',
  },
  '/health/ready': {
    summary: 'Whether it can do its work: 503 when not',
    description: 'When this fails, wait, and send requests to another process meanwhile. `checks` says what is down.',
    type: 'application/json',
  },
  '/metrics': {
    summary: 'What it measures, for Prometheus',
    description: 'Rates, times and lags of this process, in the text format of Prometheus.',
    type: 'text/plain',
  },
  '/docs': {
    summary: 'This document as a page',
    description: 'Every route can be tried out here, with an API key.',
    type: 'text/html',
  },
  '/openapi.json': {
    summary: 'This document',
    description: 'OpenAPI 3.1, made from the schemas that also check what is sent here.',
    type: 'application/json',
  },
  '/asyncapi.json': {
    summary: 'The events on Kafka, as an AsyncAPI 3.0 document',
    description: 'The topic, the key of its messages, and the schema of every event type.',
    type: 'application/json',
  },
  '/schemas/{file}': {
    summary: 'The JSON Schema of an event type, or of the CloudEvent around every event',
    description:
      '`$defs.submitted` is what a submitter sends, `$defs.completed` (of the envelope: `$defs.stored`) what the ledger keeps. Its ' +
      'address may be the `dataschema` of an event.',
    type: SCHEMA_TYPE,
    parameters: [
      {
        ...{
          name: 'file',
          in: 'path',
          required: true,
          description: 'The event type, with `.json`; or `envelope.json`',
        },
        schema: { type: 'string', enum: Object.keys(schemaFiles) },
        example: 'lading.order.placed.v1.json',
      },
    ],
  },
  '/': {
    summary: 'Leads to the page, and names the documents for programs',
    description:
      'A browser is led to the page. `Link` (RFC 8631), and the body for `Accept: application/json`, name the documents.',
    type: 'application/json',
    others: { 302: LEADS_ON },
  },
};

/** Adds what is not a route of Nest, or has nothing that describes it. */
export function describePublic(document: OpenAPIObject): void {
  const notReady = { description: 'Not ready.', content: { 'application/problem+json': PROBLEM } };
  for (const [path, { summary, description, type, others, parameters }] of Object.entries(PUBLIC)) {
    document.paths[path] ??= { get: { operationId: `docs.${/[a-z]+/.exec(path)?.[0] ?? 'start'}`, responses: {} } };
    const { get } = document.paths[path];
    if (get === undefined) continue;
    Object.assign(get, { summary, description, security: [], tags: ['operations'], ...(parameters && { parameters }) });
    get.responses = {
      ...get.responses,
      200: { description: 'The answer.', content: { [type]: {} } },
      ...others,
      ...(parameters && {
        404: { description: 'There is no such file.', content: { 'application/problem+json': PROBLEM } },
      }),
      ...(path === '/health/ready' && { 503: notReady }),
    };
  }
}
