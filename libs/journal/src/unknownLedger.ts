/** Nobody opened this ledger. */
export class UnknownLedger extends Error {
  override readonly name = 'UnknownLedger';

  constructor(readonly ledger: string) {
    super(`there is no ledger ${ledger}`);
  }
}
