import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { HealthChecks, NotReady } from '#platform/watching/health';
import { RESERVED } from '#platform/service/tokens';
import { versions } from '#projections/versions/versions';

/** A query service can do its work when there are read models that it can read. */
@Injectable()
export class Readiness {
  constructor(@Inject(RESERVED) pool: pg.Pool, checks: HealthChecks) {
    checks.register('read models', async () => {
      const active = (await versions(pool)).find(({ state }) => state === 'active');
      if (active === undefined) throw new NotReady('there are none yet: a projector makes them when it starts');
      if (!active.known)
        throw new NotReady(
          `version ${active.version} is of another release: ask a process of that release, or wait for this one to build its own`,
        );
      return `version ${active.version}`;
    });
  }
}
