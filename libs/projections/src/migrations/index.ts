import { CreateReadModelVersions1764000000400 } from './createReadModelVersions.ts';

/** The read models' migrations, oldest first. A new one is added at the end; none is ever changed or taken out. */
export const projectionMigrations = [CreateReadModelVersions1764000000400];
