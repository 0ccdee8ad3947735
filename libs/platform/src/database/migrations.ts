import type { MigrationClass } from './migrate.ts';
import { CreateApiKeys1704000000000 } from '../keys/createApiKeys.ts';

export const platformMigrations: readonly MigrationClass[] = [CreateApiKeys1704000000000];
