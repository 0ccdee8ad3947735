import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Journal } from '#journal/journal';
import type { AtomicOutcome, Outcome, Submission } from '#journal/submission';

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

/** Submits events that are kept together or not at all. Rejects with `UnknownLedger` or `JournalUnavailable`. */
export class SubmitAtomic extends Command<AtomicOutcome> {
  constructor(
    readonly ledger: string,
    readonly submissions: readonly Submission[],
  ) {
    super();
  }
}

@CommandHandler(SubmitAtomic)
export class SubmitAtomicHandler implements ICommandHandler<SubmitAtomic> {
  constructor(private readonly journal: Journal) {}

  execute({ ledger, submissions }: SubmitAtomic): Promise<AtomicOutcome> {
    return this.journal.submitAtomic(ledger, submissions);
  }
}
