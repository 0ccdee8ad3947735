import 'reflect-metadata';
import { feedMigrations } from '#feed/migrations/index';
import { journalMigrations } from '#journal/migrations/index';
import { runService } from '#platform/service/runService';
import { RelayModule } from './relay.module.ts';

await runService('relay', RelayModule, 7404, {
  needs: ['kafka'],
  migrations: [...journalMigrations, ...feedMigrations],
  connections: 4,
});
