import 'reflect-metadata';
import { runService } from '#platform/service/runService';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import { serveDocs } from './docs/serveDocs.ts';
import { QueryModule } from './query.module.ts';

await runService('query', QueryModule, 7400, {
  migrations: projectionMigrations,
  connections: 16,
  prepare: serveDocs,
});
