import { feedMigrations } from '#feed/migrations/feedMigrations';
import { CreateReadModelVersions1764000000400 } from './createReadModelVersions.ts';

/** The tables about versions of the read models, and those below them. A version makes its own tables. */
export const projectionMigrations = [...feedMigrations, CreateReadModelVersions1764000000400];
