import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { cleanupOpenApiDoc } from 'nestjs-zod';
import { componentSchemas } from './components.ts';

const DESCRIPTION = `Who holds which hardware, who was promised it, who took whose place in the queue, and what was owed in return.

Suppliers, the allocation desk and the parties of swaps submit events; a ledger decides and keeps them. Everybody else asks.
Errors are problem documents (RFC 9457) with a stable \`code\`. The events on Kafka are described by \`/asyncapi.json\`.`;

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

/** Answered without a key: they tell nothing about anybody's hardware. */
const PUBLIC: Readonly<Record<string, readonly [summary: string, type: string]>> = {
  '/health/live': ['Whether the process runs', 'application/json'],
  '/health/ready': ['Whether it can do its work: 503 when not', 'application/json'],
  '/metrics': ['What it measures, for Prometheus', 'text/plain'],
  '/docs': ['This document as a page', 'text/html'],
  '/openapi.json': ['This document', 'application/json'],
  '/asyncapi.json': ['The events on Kafka, as an AsyncAPI 3.0 document', 'application/json'],
};

/** The OpenAPI 3.1 document of the routes that this process serves, from the same zod schemas that check and type them. */
export function openApi(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Lading')
    .setVersion('1')
    .setDescription(DESCRIPTION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key: `lading api-keys create`' }, 'key')
    .addSecurityRequirements('key')
    .build();
  const document = cleanupOpenApiDoc(SwaggerModule.createDocument(app, config, { operationIdFactory: operationId }));
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...(componentSchemas() as Schemas) },
  };
  for (const [path, [summary, type]] of Object.entries(PUBLIC)) {
    document.paths[path] ??= { get: { operationId: `docs.${path.slice(1)}`, responses: {} } };
    const { get } = document.paths[path];
    if (get === undefined) continue;
    const answer = { description: 'The answer.', content: { [type]: {} } };
    Object.assign(get, { summary, security: [], tags: ['operations'], responses: { ...get.responses, 200: answer } });
  }
  return document;
}

/** `OrdersController.list` → `orders.list`. */
const operationId = (controller: string, method: string): string =>
  `${controller.charAt(0).toLowerCase()}${controller.slice(1).replace(/Controller$/, '')}.${method}`;
