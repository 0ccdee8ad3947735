import type { z } from 'zod';
import { fieldErrors } from './fieldErrors.ts';
import { ProblemError } from './problemError.ts';

/**
 * Parses `value` with `schema`.
 * @throws ProblemError 400 `malformed` that names every wrong field by its JSON pointer
 */
export function checked<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = fieldErrors(parsed.error.issues, value);
  const named = errors.map(({ pointer, detail }) => `${pointer || 'the body'}: ${detail}`);
  const detail = named.length === 1 ? String(named[0]) : `${named.length} fields are wrong: see errors`;
  throw new ProblemError(400, 'malformed', detail, { errors });
}
