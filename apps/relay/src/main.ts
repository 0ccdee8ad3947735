import 'reflect-metadata';
import { feedMigrations } from '#feed/migrations/feedMigrations';
import { runService } from '#platform/service/runService';
import { RelayModule } from './relay.module.ts';

await runService('relay', RelayModule, 7404, {
  needs: ['kafka'],
  migrations: feedMigrations,
  connections: 4,
});
