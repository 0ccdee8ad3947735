import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { contentType } from './contentType.ts';

/** The content types that a route takes. Any other is refused before its body is read, with these to choose from. */
export const Accepts = (...accepts: readonly string[]): MethodDecorator & ClassDecorator => RouteConfig({ accepts });

/** Fastify refuses what no parser takes, but cannot say what would be taken. This goes first, and can. */
export function refuseOtherContentTypes(fastify: FastifyInstance): void {
  fastify.addHook('preParsing', (request, _reply, payload, done) => {
    const { accepts } = request.routeOptions.config as { accepts?: readonly string[] };
    try {
      if (accepts !== undefined) contentType(request, accepts);
      done(null, payload);
    } catch (error) {
      done(error as Error);
    }
  });
}
