import type { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { keyOf } from '#platform/keys/actor';
import { type Answer, asPreferred, write } from '../asking/asking.interceptor.ts';

/**
 * Answers GET on the routes below `path` without what Nest does for a handler, which takes longer than to find a tile in memory. All that
 * stands before a route holds as ever, since those are hooks: the key and its roles, admission, media types, measurement.
 *
 * @param answer undefined, or an error, leaves the request to its route, which answers whatever there is to answer
 */
export function shortWay(
  { httpAdapter }: HttpAdapterHost<FastifyAdapter>,
  path: string,
  answer: (request: FastifyRequest, ledger: string) => Promise<Answer> | undefined,
): void {
  httpAdapter.getInstance().addHook('onRoute', (route) => {
    if (route.method !== 'GET' || !route.url.startsWith(path)) return;
    const { handler } = route;
    route.handler = async function (request, reply): Promise<unknown> {
      const found = await attempt(request, answer);
      // The key may have been revoked meanwhile: the route finds out.
      if (found === undefined || !isIn(request)) return handler.call(this, request, reply);
      return reply.send(write(asPreferred(found, request), request, reply));
    };
  });
}

async function attempt(request: FastifyRequest, answer: Parameters<typeof shortWay>[2]): Promise<Answer | undefined> {
  try {
    return isIn(request) ? await answer(request, (request.params as { ledger: string }).ledger) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the request came in with a key that is still known to be in force, and may use the route. */
function isIn(request: FastifyRequest): boolean {
  const key = keyOf(request);
  return key?.isSure === true && key.refusal === undefined;
}
