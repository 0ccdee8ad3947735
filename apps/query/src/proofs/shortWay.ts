import type { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import type { Maybe } from '#proofs/primitives';
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
  answer: (request: FastifyRequest, ledger: string) => Maybe<Answer> | undefined,
): void {
  httpAdapter.getInstance().addHook('onRoute', (route) => {
    if (route.method !== 'GET' || !route.url.startsWith(path)) return;
    const { handler } = route;
    route.handler = function (request, reply): unknown {
      const bodyOf = (found: Answer | undefined): unknown => {
        // The key may have been revoked meanwhile: the route finds out.
        if (found === undefined || !isIn(request)) return handler.call(this, request, reply);
        // Fastify sends what is returned. For a reply that is returned it would listen until that has been taken.
        return write(asPreferred(found, request), request, reply) ?? reply.send();
      };
      const found = attempt(request, answer);
      return found instanceof Promise ? found.then(bodyOf, () => bodyOf(undefined)) : bodyOf(found);
    };
  });
}

function attempt(request: FastifyRequest, answer: Parameters<typeof shortWay>[2]): Maybe<Answer> | undefined {
  try {
    return isIn(request) ? answer(request, (request.params as { ledger: string }).ledger) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the request came in with a key that is still known to be in force, and may use the route. */
function isIn(request: FastifyRequest): boolean {
  const key = keyOf(request);
  return key?.isSure === true && key.refusal === undefined;
}
