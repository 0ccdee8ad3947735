import { AddKeyEnds1704000000001 } from '../keys/addKeyEnds.ts';
import { CreateApiKeys1704000000000 } from '../keys/createApiKeys.ts';
import type { MigrationClass } from './migrate.ts';

/**
 * The tables that every process needs. The list of each library begins with the list of the library below it (platform, journal,
 * feed, projections), so a process names one list. A new migration is added at the end of its library's own; none is ever changed
 * or taken out.
 */
export const platformMigrations: readonly MigrationClass[] = [CreateApiKeys1704000000000, AddKeyEnds1704000000001];
