import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { openApi } from './openApi.ts';

/**
 * Adds `/docs`, the page, with all that it loads, and `/openapi.json`, for all routes of this application. For
 * `createApp`'s `prepare`. The document is made when it is asked for first: it takes longer than starting should.
 */
export function serveDocs(app: NestFastifyApplication): void {
  let document: OpenAPIObject | undefined;
  SwaggerModule.setup('docs', app, () => (document ??= openApi(app)), {
    customSiteTitle: 'Lading: the HTTP interface',
    jsonDocumentUrl: '/openapi.json',
    raw: ['json'],
    swaggerOptions: { persistAuthorization: true, docExpansion: 'list', tryItOutEnabled: true },
  });
}
