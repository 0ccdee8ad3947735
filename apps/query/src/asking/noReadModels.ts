import { type ProblemError, unavailable } from '#platform/http/problemError';
import { NoReadModels } from '#projections/reading/readModel';

/** Undefined table, column or schema. */
const OTHER_TABLES = new Set(['42P01', '42703', '3F000']);

/**
 * The 503 while there is nothing to answer from: no projector has run yet, or the version that answers was made by another
 * release, until the projector has built one with the tables that this code reads. Undefined for any other error.
 */
export function noReadModels(error: unknown): ProblemError | undefined {
  if (error instanceof NoReadModels) return unavailable(error.message, { cause: error });
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string' || !OTHER_TABLES.has(code)) return undefined;
  return unavailable('the read models are those of another release: they are being rebuilt', {
    seconds: 10,
    cause: error,
  });
}
