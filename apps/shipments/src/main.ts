import 'reflect-metadata';
import { journalMigrations } from '#journal/migrations/index';
import { runService } from '#platform/service/runService';
import { ShipmentsModule } from './shipments.module.ts';

await runService('shipments', ShipmentsModule, 7401, { migrations: journalMigrations });
