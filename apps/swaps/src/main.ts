import 'reflect-metadata';
import { journalMigrations } from '#journal/migrations/journalMigrations';
import { serveDocs } from '#platform/docs/serveDocs';
import { runService } from '#platform/service/runService';
import { SwapsModule } from './swaps.module.ts';

await runService('swaps', SwapsModule, 7403, {
  migrations: journalMigrations,
  prepare: (app) => {
    serveDocs(app, 'swaps');
  },
});
