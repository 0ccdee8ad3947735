import { CreateRelay1764000000200 } from './createRelay.ts';

/** The tables of the relay, in order. */
export const feedMigrations = [CreateRelay1764000000200];
