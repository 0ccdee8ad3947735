import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { cleanupOpenApiDoc } from 'nestjs-zod';
import { componentSchemas } from './components.ts';
import { describePublic } from './publicRoutes.ts';
import { describeRefusals } from './refusals.ts';

const DESCRIPTION = `Who holds which hardware, who was promised it, who took whose place in the queue, and what was owed in return.

Suppliers, the allocation desk and the parties of swaps submit events; a ledger decides and keeps them. Everybody else asks.
Errors are problem documents (RFC 9457) with a stable \`code\`. The events on Kafka are described by \`/asyncapi.json\`.`;

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

/** In the order in which the page shows them. */
const TAGS: Readonly<Record<string, string>> = {
  events:
    'What happened. Events are submitted here, one or many, and read here in the order in which the ledger took them.',
  ledgers: 'Each ledger has its own events, in one order. Nothing moves from one ledger to another.',
  reallocations: 'Units or promised units get another owner.',
  swaps: 'Two parties exchange units, and owe each other what has not arrived yet.',
  holdings: 'Who owns how many units of which product, who holds them, and at which stage they are.',
  available: 'How many units each owner may promise.',
  holds: 'Units that an owner keeps for a purpose, until a moment.',
  parties: 'Companies: suppliers, customers and carriers.',
  items: 'Products, and who waits for them.',
  orders: 'Purchase orders, and where the units of each line are.',
  shipments: 'What was sent, what arrived, and what is still on its way.',
  units: 'Single units by their serial numbers.',
  flags: 'What a person should look at.',
  activity: 'What happened, in sentences, the newest first.',
  proofs:
    'What shows, without trust in whoever runs this, that no event was added, removed, changed or reordered. A client for C2SP transparency logs reads a ledger here as it is.',
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
    .addBearerAuth(
      {
        ...{ type: 'http', scheme: 'bearer', bearerFormat: 'opaque' },
        description:
          'An API key, made with `lading api-keys create`. It is a random text: nothing can be read from it.',
      },
      'key',
    )
    .addSecurityRequirements('key')
    .build();
  const document = cleanupOpenApiDoc(SwaggerModule.createDocument(app, config, { operationIdFactory: operationId }));
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...(componentSchemas() as Schemas) },
  };
  describePublic(document);
  describeRefusals(document);
  placeExamples(document);
  const used = new Set(Object.values(document.paths).flatMap(tagsOf));
  document.tags = Object.entries(TAGS).flatMap(([name, description]) =>
    used.has(name) ? [{ name, description }] : [],
  );
  return document;
}

const partOf = (part: Part): string =>
  `This service serves a part of the interface: ${PARTS[part]}. The service \`query\` (port 7400) serves the whole interface.`;

interface Parameter {
  name: string;
  required?: boolean;
  description?: string;
  example?: string | number;
  schema?: { default?: unknown; example?: string | number };
}

/**
 * The page fills a field with its example and sends it. So what is required has its example where the page looks for it, and what may
 * be left out is empty: its example stands in its description.
 */
function placeExamples(document: OpenAPIObject): void {
  for (const parameter of Object.values(document.paths).flatMap(operationsOf).flatMap(parametersOf)) {
    const { required, description = '', schema = {} } = parameter;
    const example = parameter.example ?? schema.example;
    delete parameter.example;
    delete schema.example;
    delete schema.default;
    if (example === undefined) continue;
    if (required === true) parameter.example = example;
    else parameter.description = `${description} For example \`${String(example)}\`.`.trim();
  }
}

const operationsOf = ({ get, put, post }: OpenAPIObject['paths'][string]) =>
  [get, put, post].filter((operation) => operation !== undefined);

const parametersOf = ({ parameters = [] }: ReturnType<typeof operationsOf>[number]) => parameters as Parameter[];

const tagsOf = (path: OpenAPIObject['paths'][string]): string[] =>
  operationsOf(path).flatMap((operation) => operation.tags ?? []);

/** `OrdersController.list` → `orders.list`. */
const operationId = (controller: string, method: string): string =>
  `${controller.charAt(0).toLowerCase()}${controller.slice(1).replace(/Controller$/, '')}.${method}`;
