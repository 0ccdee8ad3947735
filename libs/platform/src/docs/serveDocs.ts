import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { mediaTypeOf } from '../http/createAdapter.ts';
import { readyMade, sendDocument } from '../http/readyMade.ts';
import { openApi, type Part } from './openApi.ts';
import { SCHEMA_TYPE, schemaFiles } from './publicRoutes.ts';
import type { Config } from '../service/config.ts';
import { CONFIG } from '../service/tokens.ts';
import { asyncApi } from '#contracts/asyncApi';

/** A process that only lives for a moment never makes the document. */
const SOON_MS = 2_000;

const PAGE_TYPE = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
const require = createRequire(import.meta.url);

const START_HERE = {
  page: '/docs',
  openapi: '/openapi.json',
  asyncapi: '/asyncapi.json',
  schemas: '/schemas/envelope.json',
};

/** The files of Swagger UI that the page loads, and no others. */
const FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

/**
 * Adds `/docs`, the page, with all that it loads, and the documents: OpenAPI for all routes of this application, AsyncAPI, and the
 * JSON Schemas. For `createApp`'s `prepare`. A document is made when it is asked for first, and the OpenAPI document soon after the application listens.
 * @param part the service that serves a part of the interface only
 */
export function serveDocs(app: NestFastifyApplication, part?: Part): void {
  const fastify = app.getHttpAdapter().getInstance();
  const serve = (path: string, type: string, make: () => string | Buffer | Promise<Buffer>) => {
    const document = readyMade(type, make);
    const produces = [type];
    fastify.get(path, { config: { produces } }, async (request, reply) =>
      sendDocument(await document(), request, reply),
    );
    return document;
  };
  // Whoever opens the address alone finds the page, and a program the document (RFC 8631).
  fastify.get('/', { config: { produces: [PAGE_TYPE, JSON_TYPE] } }, (request, reply) => {
    void reply
      .header('link', '</openapi.json>; rel="service-desc", </docs>; rel="service-doc"')
      .header('vary', 'accept');
    return mediaTypeOf(request) === JSON_TYPE
      ? reply.type(JSON_TYPE).send(JSON.stringify(START_HERE))
      : reply.type(PAGE_TYPE).redirect('/docs', 302);
  });
  const described = serve('/openapi.json', JSON_TYPE, () => JSON.stringify(openApi(app, part)));
  // It takes 70 ms in one piece, for which no request should wait, nor the start: it is made when nobody has asked for a moment. One that
  // fails is made again when it is asked for.
  let soon: NodeJS.Timeout | undefined;
  fastify.addHook('onListen', async () => {
    soon = setTimeout(() => void described().then(undefined, () => undefined), SOON_MS).unref();
  });
  fastify.addHook('onClose', async () => {
    clearTimeout(soon);
  });
  serve('/asyncapi.json', JSON_TYPE, () => JSON.stringify(asyncApi(app.get<Config>(CONFIG).topic)));
  for (const [file, make] of Object.entries(schemaFiles)) {
    serve(`/schemas/${file}`, SCHEMA_TYPE, () => JSON.stringify(make(), null, 2));
  }
  serve('/docs', PAGE_TYPE, () => page('./docs/'));
  serve('/docs/', PAGE_TYPE, () => page('./'));
  serve('/docs/index.html', PAGE_TYPE, () => page('./'));
  serve('/docs/start.js', 'text/javascript; charset=utf-8', () => START);
  for (const [name, type] of Object.entries(FILES)) {
    serve(`/docs/${name}`, type, () => readFile(require.resolve(`swagger-ui-dist/${name}`)));
  }
}

/** @param files where the page's files are, seen from the page */
const page = (files: string): string => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lading: the HTTP interface</title>
<link rel="stylesheet" href="${files}swagger-ui.css">
<link rel="icon" type="image/png" href="${files}favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="${files}swagger-ui-bundle.js"></script>
<script src="${files}start.js"></script>
</body>
</html>
`;

/** The policy of pages (createAdapter) allows no script inside of a page, so this is a file. */
const START = `SwaggerUIBundle({
  url: new URL('../openapi.json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  docExpansion: 'list',
  tryItOutEnabled: true,
  persistAuthorization: false,
  validatorUrl: null,
});
`;
