import 'reflect-metadata';
import { journalMigrations } from '#journal/migrations/journalMigrations';
import { serveDocs } from '#platform/docs/serveDocs';
import { runService } from '#platform/service/runService';
import { ReallocationsModule } from './reallocations.module.ts';

await runService('reallocations', ReallocationsModule, 7402, {
  migrations: journalMigrations,
  prepare: (app) => {
    serveDocs(app, 'reallocations');
  },
});
