import pg from 'pg';

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
/**
 * The database is away, full, read-only, stopping, or another transaction is in the way; or the tables are gone or not this code's.
 * 57014 is a statement that took too long, which may be an event's fault.
 */
const PASSING_ERRORS = /^(08|25|28|3D|3F|40|42|53|55|57(?!014)|58)/;

/** Whether it is the events' fault. Anything else (a lost connection, a lock, a full disk) is worth another try. */
export function isPoison(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return DATA_ERRORS.test(error.code ?? '');
  return error instanceof PoisonEvent || error instanceof TypeError || error instanceof RangeError;
}

/** Whether it has nothing to do with the events, so that they are tried again for as long as it takes. */
export function isPassing(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return PASSING_ERRORS.test(error.code ?? '');
  const { code, message } = error as { code?: unknown; message?: unknown };
  return (typeof code === 'string' && /^E[A-Z]+$/.test(code)) || /connection|connect/i.test(String(message));
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
