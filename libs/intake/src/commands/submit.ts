import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Journal } from '#journal/journal';
import type { Outcome, Submission } from '#journal/submission';

/** Submits one event to a ledger. Rejects with `UnknownLedger` or `JournalUnavailable`. */
export class Submit extends Command<Outcome> {
  constructor(
    readonly ledger: string,
    readonly submission: Submission,
  ) {
    super();
  }
}

@CommandHandler(Submit)
export class SubmitHandler implements ICommandHandler<Submit> {
  constructor(private readonly journal: Journal) {}

  execute({ ledger, submission }: Submit): Promise<Outcome> {
    return this.journal.submit(ledger, submission);
  }
}
