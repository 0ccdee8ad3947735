import 'reflect-metadata';
import { journalMigrations } from '#journal/migrations/journalMigrations';
import { serveDocs } from '#platform/docs/serveDocs';
import { runService } from '#platform/service/runService';
import { ShipmentsModule } from './shipments.module.ts';

await runService('shipments', ShipmentsModule, 7401, {
  migrations: journalMigrations,
  prepare: (app) => {
    serveDocs(app, 'shipments');
  },
});
