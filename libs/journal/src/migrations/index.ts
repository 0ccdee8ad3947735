import { CreateJournal1764000000100 } from './createJournal.ts';

/** The journal's migrations, oldest first. A new one is added at the end; none is ever changed or taken out. */
export const journalMigrations = [CreateJournal1764000000100];
