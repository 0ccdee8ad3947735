import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { type Problem, problem } from '#contracts/problem';
import type { AtomicOutcome, Submission } from '#journal/submission';
import { errorOf, errorOfFailure } from '../answers/errorOf.ts';
import { problemOf } from '../answers/problemOf.ts';
import { SubmitAtomic } from '../commands/submitAtomic.ts';
import { refuseIfMatch } from '../http/ifMatch.ts';
import { sendJson } from '../http/sendJson.ts';
import { limits } from '../limits.ts';
import { admit } from './admit.ts';
import type { Asked } from './asked.ts';
import { parseBatch } from './parseBatch.ts';

/** Takes in all events of a batch, or none: `application/cloudevents-batch+json` with `?atomic=true`. */
@Injectable()
export class AtomicIntake {
  constructor(private readonly commands: CommandBus) {}

  async take(asked: Asked): Promise<void> {
    const { request, reply, ledger } = asked;
    refuseIfMatch(request.headers['if-match']);
    const values = await parseBatch(request.body as Buffer, limits.atomicEvents);
    const submissions = values.map((value, index) => admitAt(value, index, asked));
    // Nothing to keep is kept: the journal numbers the events of a batch and would have none to number.
    if (submissions.length === 0) {
      sendJson(reply, 201, JSON.stringify({ results: [] }));
      return;
    }
    const outcome = await this.commands.execute(new SubmitAtomic(ledger, submissions)).catch((error: unknown) => {
      throw errorOfFailure(error);
    });
    const failure = failureOf(outcome);
    if (failure !== undefined) throw errorOf(failure);
    answer(reply, outcome as Kept);
  }
}

type Kept = Extract<AtomicOutcome, { receipts: unknown }>;

function answer(reply: Asked['reply'], { status, receipts }: Kept): void {
  const each = status === 'recorded' ? 201 : 200;
  const results = receipts.map(({ sequence }) => ({ status: each, sequence }));
  sendJson(reply, each, JSON.stringify({ results }), status === 'replayed' ? { 'idempotent-replay': 'true' } : {});
}

/** @throws ProblemError of the first event that may not come in, with its index, its pointers into the batch */
function admitAt(value: unknown, index: number, { actor, served }: Asked): Submission {
  const admitted = admit(value, actor, served);
  if (admitted.ok) return admitted.submission;
  const { errors } = admitted.problem;
  throw errorOf({
    ...atIndex(admitted.problem, index),
    ...(errors && { errors: errors.map((error) => ({ ...error, pointer: `/${index}${error.pointer}` })) }),
  });
}

function failureOf(outcome: AtomicOutcome): Problem | undefined {
  switch (outcome.status) {
    case 'failed':
      return atIndex(problemOf(outcome.outcome), outcome.index);
    case 'partly-there':
      return problem(409, 'batch-partly-there', {
        detail: `${outcome.sequences.length} events of the batch are in the ledger already, others are not: an atomic batch is sent again whole, or not at all`,
        facts: { index: outcome.index, sequences: outcome.sequences },
      });
    default:
      return undefined;
  }
}

const atIndex = (found: Problem, index: number): Problem => ({
  ...found,
  detail: `event ${index} of the batch: ${found.detail}; nothing of the batch is kept`,
  index,
});
