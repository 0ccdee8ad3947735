import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { cleanupOpenApiDoc } from 'nestjs-zod';
import { componentSchemas, refTo } from './components.ts';
import { describeRefusals } from './refusals.ts';

const DESCRIPTION = `Who holds which hardware, who was promised it, who took whose place in the queue, and what was owed in return.

Suppliers, the allocation desk and the parties of swaps submit events; a ledger decides and keeps them. Everybody else asks.
Errors are problem documents (RFC 9457) with a stable \`code\`. The events on Kafka are described by \`/asyncapi.json\`.`;

const PROBLEM = { schema: refTo('Problem') };

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

interface PublicRoute {
  readonly summary: string;
  readonly description: string;
  readonly type: string;
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
};

/** In the order in which the page shows them. */
const TAGS: Readonly<Record<string, string>> = {
  events:
    'What happened. Events are submitted here, one or many, and read here in the order in which the ledger took them.',
  ledgers: 'Each ledger has its own events, in one order. Nothing moves from one ledger to another.',
  reallocations: 'Units or promised units get another owner.',
  swaps: 'Two parties exchange units, and owe each other what has not arrived yet.',
  holdings: 'Who owns how many units of which product, who holds them, and at which stage they are.',
  parties: 'Companies: suppliers, customers and carriers.',
  items: 'Products, and who waits for them.',
  orders: 'Purchase orders, and where the units of each line are.',
  shipments: 'What was sent, what arrived, and what is still on its way.',
  units: 'Single units by their serial numbers.',
  flags: 'What a person should look at.',
  activity: 'What happened, in sentences, the newest first.',
  operations: 'The state of this process, and these documents. No key is needed.',
};

/** A service that serves a part of the interface, and what that is. */
const PARTS = {
  shipments: 'suppliers and sites report orders, shipments, receipts and counts here, and ledgers are opened here',
  reallocations: 'the allocation desk submits its decisions here',
  swaps: 'the parties of swaps propose, accept, reject, withdraw and execute them here',
};
export type Part = keyof typeof PARTS;

/**
 * The OpenAPI 3.1 document of the routes that this process serves, from the same zod schemas that check and type them.
 * @param part undefined for the whole interface
 */
export function openApi(app: INestApplication, part?: Part): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(part === undefined ? 'Lading' : `Lading: the service ${part}`)
    .setVersion('1')
    .setDescription(part === undefined ? DESCRIPTION : `${DESCRIPTION}\n\n${partOf(part)}`)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'The service that serves this document')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key: `lading api-keys create`' }, 'key')
    .addSecurityRequirements('key')
    .build();
  const document = cleanupOpenApiDoc(SwaggerModule.createDocument(app, config, { operationIdFactory: operationId }));
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...(componentSchemas() as Schemas) },
  };
  describePublic(document);
  describeRefusals(document);
  const used = new Set(Object.values(document.paths).flatMap(tagsOf));
  document.tags = Object.entries(TAGS).flatMap(([name, description]) =>
    used.has(name) ? [{ name, description }] : [],
  );
  return document;
}

const partOf = (part: Part): string =>
  `This service serves a part of the interface: ${PARTS[part]}. The service \`query\` (port 7400) serves the whole interface.`;

/** Adds what is not a route of Nest, or has nothing that describes it. */
function describePublic(document: OpenAPIObject): void {
  const notReady = { description: 'Not ready.', content: { 'application/problem+json': PROBLEM } };
  for (const [path, { summary, description, type }] of Object.entries(PUBLIC)) {
    document.paths[path] ??= { get: { operationId: `docs.${path.slice(1)}`, responses: {} } };
    const { get } = document.paths[path];
    if (get === undefined) continue;
    Object.assign(get, { summary, description, security: [], tags: ['operations'] });
    get.responses = {
      ...get.responses,
      200: { description: 'The answer.', content: { [type]: {} } },
      ...(path === '/health/ready' && { 503: notReady }),
    };
  }
}

const tagsOf = ({ get, put, post }: OpenAPIObject['paths'][string]): string[] =>
  [get, put, post].flatMap((operation) => operation?.tags ?? []);

/** `OrdersController.list` → `orders.list`. */
const operationId = (controller: string, method: string): string =>
  `${controller.charAt(0).toLowerCase()}${controller.slice(1).replace(/Controller$/, '')}.${method}`;
