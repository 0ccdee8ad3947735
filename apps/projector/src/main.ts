import 'reflect-metadata';
import { feedMigrations } from '#feed/migrations/index';
import { journalMigrations } from '#journal/migrations/index';
import { runService } from '#platform/service/runService';
import { projectionMigrations } from '#projections/migrations/index';
import { ProjectorModule } from './projector.module.ts';

await runService('projector', ProjectorModule, 7405, {
  migrations: [...journalMigrations, ...feedMigrations, ...projectionMigrations],
  connections: 8,
});
