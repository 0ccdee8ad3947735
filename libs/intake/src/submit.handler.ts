import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { DryRun } from '#journal/dryRun';
import { Journal } from '#journal/journal';
import type { AtomicOutcome, Outcome, Submission } from '#journal/submission';

/** Submits one event to a ledger. Rejects with `UnknownLedger` or `JournalUnavailable`. */
export class Submit extends Command<Outcome> {
  constructor(
    readonly ledger: string,
    readonly submission: Submission,
    /** What it is tried on, when it is not to be kept. */
    readonly dryRun?: DryRun,
  ) {
    super();
  }
}

@CommandHandler(Submit)
export class SubmitHandler implements ICommandHandler<Submit> {
  constructor(private readonly journal: Journal) {}

  execute({ ledger, submission, dryRun }: Submit): Promise<Outcome> {
    return dryRun === undefined ? this.journal.submit(ledger, submission) : dryRun.submit(submission);
  }
}

/** Submits events that are kept together or not at all. Rejects with `UnknownLedger` or `JournalUnavailable`. */
export class SubmitAtomic extends Command<AtomicOutcome> {
  constructor(
    readonly ledger: string,
    readonly submissions: readonly Submission[],
    readonly dryRun?: DryRun,
  ) {
    super();
  }
}

@CommandHandler(SubmitAtomic)
export class SubmitAtomicHandler implements ICommandHandler<SubmitAtomic> {
  constructor(private readonly journal: Journal) {}

  execute({ ledger, submissions, dryRun }: SubmitAtomic): Promise<AtomicOutcome> {
    return dryRun === undefined ? this.journal.submitAtomic(ledger, submissions) : dryRun.submitAtomic(submissions);
  }
}
