import 'reflect-metadata';
import { journalMigrations } from '#journal/migrations/journalMigrations';
import { runService } from '#platform/service/runService';
import { ReallocationsModule } from './reallocations.module.ts';

await runService('reallocations', ReallocationsModule, 7402, { migrations: journalMigrations });
