import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Submitted } from '#contracts/catalog';
import { Journal } from '#journal/journal';
import type { OpeningOutcome } from '#journal/submission';

/** Opens a ledger; `different` when it is there with another name or keeper. Rejects with `JournalUnavailable`. */
export class OpenLedger extends Command<OpeningOutcome> {
  constructor(
    readonly ledger: string,
    readonly terms: Submitted<'lading.ledger.opened.v1'>,
    readonly actor: string,
  ) {
    super();
  }
}

@CommandHandler(OpenLedger)
export class OpenLedgerHandler implements ICommandHandler<OpenLedger> {
  constructor(private readonly journal: Journal) {}

  execute({ ledger, terms, actor }: OpenLedger): Promise<OpeningOutcome> {
    return this.journal.open(ledger, terms, actor);
  }
}
