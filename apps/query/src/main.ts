import 'reflect-metadata';
import { feedMigrations } from '#feed/migrations/index';
import { journalMigrations } from '#journal/migrations/index';
import { runService } from '#platform/service/runService';
import { projectionMigrations } from '#projections/migrations/index';
import { serveDocs } from './docs/serveDocs.ts';
import { QueryModule } from './query.module.ts';

await runService('query', QueryModule, 7400, {
  migrations: [...journalMigrations, ...feedMigrations, ...projectionMigrations],
  connections: 16,
  prepare: serveDocs,
});
