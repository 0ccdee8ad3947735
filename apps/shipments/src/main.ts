import 'reflect-metadata';
import { journalMigrations } from '#journal/migrations/journalMigrations';
import { runService } from '#platform/service/runService';
import { ShipmentsModule } from './shipments.module.ts';

await runService('shipments', ShipmentsModule, 7401, { migrations: journalMigrations });
