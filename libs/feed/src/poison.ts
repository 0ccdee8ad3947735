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

/** Values that do not fit, constraints that do not hold: the same event will fail the same way again. */
const DATA_ERRORS = /^(21|22|23)/;

/** Whether it is the events' fault. Anything else (a lost connection, a lock, a full disk) is worth another try. */
export function isPoison(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return DATA_ERRORS.test(error.code ?? '');
  return error instanceof PoisonEvent || error instanceof TypeError || error instanceof RangeError;
}
