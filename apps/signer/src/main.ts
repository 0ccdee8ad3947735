import 'reflect-metadata';
import { journalMigrations } from '#journal/migrations/journalMigrations';
import { runService } from '#platform/service/runService';
import { SignerModule } from './signer.module.ts';

await runService('signer', SignerModule, 7406, { migrations: journalMigrations, connections: 4 });
