import type { AtomicOutcome, Outcome, Submission } from '../submission.ts';

interface Waiting<T> {
  readonly resolve: (outcome: T) => void;
  readonly reject: (error: unknown) => void;
}

/** A command that waits for its answer, or an atomic batch of them. */
export type Job =
  | ({ readonly kind: 'single'; readonly submissions: readonly [Submission] } & Waiting<Outcome>)
  | ({ readonly kind: 'atomic'; readonly submissions: readonly Submission[] } & Waiting<AtomicOutcome>);

/** A job's answer, to be given once what it says is committed. */
export interface Answered {
  readonly job: Job;
  readonly answer: { readonly outcome: Outcome | AtomicOutcome } | { readonly error: unknown };
}

export const commandsIn = (jobs: readonly Job[]): number =>
  jobs.reduce((sum, { submissions }) => sum + submissions.length, 0);

export function give({ job, answer }: Answered): void {
  if ('error' in answer) job.reject(answer.error);
  else (job.resolve as (outcome: Outcome | AtomicOutcome) => void)(answer.outcome);
}
