import { expect, it } from 'vitest';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Actor, type HeldKey, setKey } from '../keys/actor.ts';
import type { Keyring } from '../keys/keyring.ts';
import type { Config } from '../service/config.ts';
import { MetricsController } from './metrics.controller.ts';

it('metrics with a key are put together once for all keys that may know the same ledgers, and never shared with others', async () => {
  const controller = new MetricsController({ metricsLedgers: false } as Config, Object.create(null) as Keyring);
  const read = (roles: Actor['roles'], ledgers: Actor['ledgers']) => {
    const request = { headers: { authorization: 'Bearer x' } } as FastifyRequest;
    setKey(request, { actor: { name: 'a', roles, ledgers }, check: async () => undefined } as unknown as HeldKey);
    return controller.read(request, {} as FastifyReply);
  };
  const views = [
    [read(['read'], ['a', 'b']), read(['audit'], ['b', 'a'])],
    [read(['read'], 'all'), read(['admin'], 'all')],
    [read(['read'], ['a']), read(['read'], ['a'])],
    [read(['shipments:write'], 'all'), read(['swaps:write'], ['a'])],
  ];
  const texts = await Promise.all(views.map((same) => Promise.all(same)));
  for (const [one, other] of texts) expect(one).toBe(other);
  expect(new Set(texts.map(([one]) => one)).size).toBe(views.length);
});
