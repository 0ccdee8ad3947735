import pg from 'pg';
import { troubleOf } from '#platform/database/trouble';

/** An event that can never be applied, with the reason for people. */
export class PoisonEvent extends Error {
  readonly sequence: number;

  constructor(sequence: number, reason: string) {
    super(reason);
    this.name = 'PoisonEvent';
    this.sequence = sequence;
  }
}

/** Values that do not fit or are too large, constraints that do not hold: the same event will fail the same way again. */
const DATA_ERRORS = /^(21|22|23|54)/;
/** The tables are gone, or not those of this code, or not to be touched: that is so for every event. */
const TABLE_ERRORS = /^(3F|42)/;
/** A statement that took too long: it may be an event's fault. */
const TOO_LONG = '57014';

/** Whether it is the events' fault. Anything else (a lost connection, a lock, a full disk) is worth another try. */
export function isPoison(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return DATA_ERRORS.test(error.code ?? '');
  return error instanceof PoisonEvent || error instanceof TypeError || error instanceof RangeError;
}

/** Whether it has nothing to do with the events, so that they are tried again for as long as it takes. */
export function isPassing(error: unknown): boolean {
  const code = error instanceof pg.DatabaseError ? (error.code ?? '') : '';
  return code !== TOO_LONG && (troubleOf(error) !== undefined || TABLE_ERRORS.test(code));
}

const MAX_REASON = 1_000;

/** Why a ledger stands still, as it is stored and shown: one line that a terminal can print and the database can keep. */
export function reasonFrom(what: string, error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return `${what}: ${why}`
    .toWellFormed()
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\uFFFD')
    .slice(0, MAX_REASON);
}
