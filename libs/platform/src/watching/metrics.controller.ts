import { Controller, Get, Header } from '@nestjs/common';
import { RouteSettings } from '../http/routeSettings.ts';
import { registry } from './metrics.ts';
import { Public } from '../keys/requires.ts';

/**
 * This route is public, because Prometheus would otherwise need a key in every scrape file, and because the metrics are about this
 * process and not about anybody's hardware: rates, times, lags, the ids of ledgers. A deployment that is open to the internet should
 * publish /v1, /docs and the documents only (docker/compose.yaml publishes ports on the loopback address alone).
 */
@Controller('metrics')
@Public()
export class MetricsController {
  @Get()
  @RouteSettings({ produces: [registry.contentType] })
  @Header('content-type', registry.contentType)
  @Header('cache-control', 'no-store')
  read(): Promise<string> {
    return registry.metrics();
  }
}
