import { Controller, Get, Header } from '@nestjs/common';
import { Drain } from '../http/drain.ts';
import { HealthChecks, type Readiness } from './health.ts';
import { ProblemError } from '../http/problemError.ts';
import { Public } from '../keys/requires.ts';

@Controller('health')
@Public()
export class HealthController {
  constructor(
    private readonly checks: HealthChecks,
    private readonly drain: Drain,
  ) {}

  /** Whether the process runs. The cure for a failure is a restart. */
  @Get('live')
  @Header('cache-control', 'no-store')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Whether the process can do its work. The cure for a failure is to wait, and to send the work elsewhere meanwhile. */
  @Get('ready')
  @Header('cache-control', 'no-store')
  async ready(): Promise<{ status: 'ok'; checks: Readiness['checks'] }> {
    if (this.drain.draining) throw notReady('this process is stopping', {});
    const { ready, checks } = await this.checks.run();
    const down = Object.keys(checks).filter((name) => checks[name]?.status === 'down');
    if (!ready) throw notReady(`not ready: ${down.join(', ')}`, checks);
    return { status: 'ok', checks };
  }
}

function notReady(detail: string, checks: Readiness['checks']): ProblemError {
  return new ProblemError(503, 'unavailable', detail, { facts: { checks }, headers: { 'retry-after': '1' } });
}
