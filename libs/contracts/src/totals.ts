import { z } from 'zod';

/** Whole units of several accounts or lines together, in an answer: 32 bits do not hold them. */
export const Total = z.int().min(0);
