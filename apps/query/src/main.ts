import 'reflect-metadata';
import { runService } from '#platform/service/runService';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import { serveDocs } from '#platform/docs/serveDocs';
import { serveDashboard } from './dashboard/serveDashboard.ts';
import { FrontDoorModule } from './frontDoor.module.ts';

await runService('query', FrontDoorModule, 7400, {
  migrations: projectionMigrations,
  connections: 16,
  prepare: (app) => {
    serveDocs(app);
    serveDashboard(app);
  },
});
