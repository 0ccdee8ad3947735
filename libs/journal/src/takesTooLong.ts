/** The database ended one command, or one atomic batch, twice, because it held its ledger for too long. Nothing of it is kept. */
export class TakesTooLong extends Error {
  override readonly name = 'TakesTooLong';

  constructor(
    /** How long a transaction may hold a ledger. */
    readonly limitMs: number,
    options?: ErrorOptions,
  ) {
    super(`the command takes longer than ${limitMs} ms by itself`, options);
  }
}
