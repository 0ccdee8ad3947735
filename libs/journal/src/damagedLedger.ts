/** What a ledger keeps does not fit together: something was changed in its tables, or is missing there. */
export class DamagedLedger extends Error {
  override readonly name = 'DamagedLedger';

  /** @param what is wrong, as a sentence without its end */
  constructor(what: string) {
    super(`${what}. Find out with lading verify where it begins: docs/audit.md`);
  }
}
