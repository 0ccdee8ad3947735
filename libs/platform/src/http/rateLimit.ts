import type { DynamicModule, Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { actorOf } from '../keys/actor.ts';
import type { Config } from '../service/config.ts';

const MINUTE_MS = 60_000;

/**
 * The limit of LADING_RATE_LIMIT: requests a minute for each key, counted in each process for itself. Behind the guard, so
 * that a key is known; public routes are not counted. Nothing at all unless it is set.
 */
export function rateLimit({ rateLimit: limit }: Pick<Config, 'rateLimit'>): {
  imports: DynamicModule[];
  providers: Provider[];
} {
  if (limit === undefined) return { imports: [], providers: [] };
  const throttler = ThrottlerModule.forRoot({
    throttlers: [{ ttl: MINUTE_MS, limit }],
    skipIf: (context) => actorOf(context.switchToHttp().getRequest<object>()) === undefined,
    getTracker: (request) => actorOf(request)?.name ?? '',
    generateKey: (_context, tracker) => tracker,
  });
  return { imports: [throttler], providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }] };
}
