import type { Problem } from '#contracts/problem';
import type { Outcome } from '#journal/submission';
import { problemOf } from './problemOf.ts';

/** What is answered about one event of a batch or a stream: `sequence` when the ledger keeps it, else the problem. */
export interface Item {
  readonly status: number;
  readonly sequence?: number;
  readonly problem?: Problem;
}

export function itemOf(outcome: Outcome): Item {
  switch (outcome.status) {
    case 'recorded':
      return { status: 201, sequence: outcome.receipt.sequence };
    case 'replayed':
      return { status: 200, sequence: outcome.receipt.sequence };
    default:
      return itemOfProblem(problemOf(outcome));
  }
}

export const itemOfProblem = (problem: Problem): Item => ({ status: problem.status, problem });
