import { journalMigrations } from '#journal/migrations/journalMigrations';
import { CreateRelay1764000000200 } from './createRelay.ts';

/** The tables of the relay, and those below them. */
export const feedMigrations = [...journalMigrations, CreateRelay1764000000200];
