import 'reflect-metadata';
import { runService } from '#platform/service/runService';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import { ProjectorModule } from './projector.module.ts';

await runService('projector', ProjectorModule, 7405, {
  migrations: projectionMigrations,
  connections: 8,
});
