import type { Facts } from '#contracts/rejections';
import type { FieldError } from '#contracts/problem';
import type { DamagedLedger } from '#journal/damagedLedger';
import { ProblemError, unavailable } from '#platform/http/problemError';
import { NoReadModels } from '#projections/reading/readModel';

/** 400: what is wrong, parameter by parameter. */
export function malformed(errors: readonly FieldError[]): ProblemError {
  const [first] = errors;
  const detail =
    errors.length === 1 && first !== undefined
      ? `${first.pointer.slice(1)}: ${first.detail}`
      : `${errors.length} parameters are not as they should be: ${errors.map(({ pointer }) => pointer.slice(1)).join(', ')}`;
  return new ProblemError(400, 'malformed', detail, { errors });
}

/**
 * 400: a serial number is that of several units.
 * @param items the first of so many
 */
export function ambiguous(items: readonly string[], count: number): ProblemError {
  const others = count > items.length ? ` and ${count - items.length} others` : '';
  const detail = `${count} items have a unit with this serial number: say in "item" which one you mean, of ${items.join(', ')}${others}`;
  return new ProblemError(400, 'malformed', detail, {
    errors: [{ pointer: '/item', detail }],
    facts: { items, count },
  });
}

/** 404: the path names something that is not there. */
export const notFound = (detail: string, facts: Facts = {}): ProblemError =>
  new ProblemError(404, 'not-found', detail, { facts });

export const unknownLedger = (ledger: string): ProblemError =>
  new ProblemError(404, 'unknown-ledger', `there is no ledger ${ledger}`, { facts: { ledger } });

/** 503: what was asked for is not visible in time. */
export const notYet = (ledger: string, asked: number, sequence: number): ProblemError =>
  unavailable(`the ledger ${ledger} can be seen up to ${sequence}, not yet up to ${asked}: ask again`);

/** 503: what was asked for is behind an event that cannot be applied. Without `min-sequence`, what was before it is answered. */
export const behindStandstill = (ledger: string, asked: number, sequence: number, reason: string): ProblemError =>
  new ProblemError(
    503,
    'ledger-stands-still',
    `the ledger ${ledger} can be seen up to ${sequence}, not up to ${asked}: ${reason}. It goes on when that event can be applied; GET /v1/status says more`,
    { facts: { ledger, sequence, asked }, headers: { 'retry-after': '30' } },
  );

/** Undefined table, column or schema. */
const OTHER_TABLES = new Set(['42P01', '42703', '3F000']);

/** 500: what the ledger keeps of it was changed, or is missing. */
export const damagedLedger = (error: DamagedLedger): ProblemError =>
  new ProblemError(500, 'ledger-damaged', error.message, { cause: error });

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
