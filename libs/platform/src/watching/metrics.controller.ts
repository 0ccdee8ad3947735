import { Controller, Get, Header, Inject, Req, Res } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { RouteSettings } from '../http/routeSettings.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { renewed } from '../http/readyMade.ts';
import { metricsText, registry } from './metrics.ts';
import { mayTouch, type Role } from '../keys/actor.ts';
import { authenticate } from '../keys/apiKey.guard.ts';
import { Keyring } from '../keys/keyring.ts';
import type { Config } from '../service/config.ts';
import { CONFIG } from '../service/tokens.ts';
import { Public } from '../keys/requires.ts';

/** Who may know the names of ledgers: whoever may list them. */
const MAY_NAME: readonly Role[] = ['read', 'audit', 'admin'];

/** Views that are kept; of more, those that were asked for longest ago are put together anew. */
const MAX_VIEWS = 100;

/**
 * Anybody may read the rates, times and lags of this process, because Prometheus would otherwise need a key in every scrape file. They
 * name no ledger: what is counted for each of them is added up, unless the scrape brings a key that may know their names, or
 * LADING_METRICS_LEDGERS opens them to everybody who reaches the port. They are put together once a second at most for all who may
 * know the same ledgers, however many ask.
 */
@Controller('metrics')
@Public()
export class MetricsController {
  readonly #withLedgers = renewed(() => registry.metrics());
  readonly #withoutLedgers = renewed(() => metricsText(() => false));
  /** By the ledgers that may be named. */
  readonly #views = new LRUCache<string, () => Promise<Buffer>>({ max: MAX_VIEWS });

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly keyring: Keyring,
  ) {}

  @Get()
  @RouteSettings({ produces: [registry.contentType] })
  @Header('content-type', registry.contentType)
  @Header('cache-control', 'no-store')
  async read(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    if (this.config.metricsLedgers) return this.#withLedgers();
    if (request.headers.authorization === undefined) return this.#withoutLedgers();
    const { actor } = await authenticate(this.keyring, request, reply);
    if (!actor.roles.some((role) => MAY_NAME.includes(role))) return this.#withoutLedgers();
    if (actor.ledgers === 'all') return this.#withLedgers();
    const ledgers = JSON.stringify([...actor.ledgers].sort());
    const view = this.#views.get(ledgers) ?? renewed(() => metricsText((ledger) => mayTouch(actor, ledger)));
    this.#views.set(ledgers, view);
    return view();
  }
}
