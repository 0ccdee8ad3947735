import fc from 'fast-check';

/** Decides what every random test of this run tries (vitest.config.js): from 0 to 2³¹ − 1. */
export const seed = Number(process.env.LADING_SEED);

fc.configureGlobal({ seed });
