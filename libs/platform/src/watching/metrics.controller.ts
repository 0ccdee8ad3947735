import { Controller, Get, Header } from '@nestjs/common';
import { registry } from './metrics.ts';
import { Public } from '../keys/requires.ts';

/**
 * Public, because Prometheus would need a key in every scrape file otherwise, and what stands here is about this process and
 * not about anybody's hardware: rates, times, lags, the ids of ledgers. A deployment that shows itself to strangers publishes
 * /v1, /docs and the documents only (docker/compose.yaml publishes on loopback alone).
 */
@Controller('metrics')
@Public()
export class MetricsController {
  @Get()
  @Header('content-type', registry.contentType)
  @Header('cache-control', 'no-store')
  read(): Promise<string> {
    return registry.metrics();
  }
}
