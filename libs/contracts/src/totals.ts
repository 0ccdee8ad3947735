import { z } from 'zod';

/** Whole units of several accounts or lines together, in an answer: 32 bits do not hold them. */
export const Total = z.int().min(0);

/**
 * Units that there are, in an answer. At a moment of the past, what took units may be known, and not yet what had brought them (flag
 * `negative-past-balance`).
 */
export const balance = (what: string) => z.int().describe(`${what}; below zero only at a moment of the past`);
