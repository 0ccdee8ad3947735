import type { FastifyReply } from 'fastify';
import type { Outcome } from '#journal/submission';
import { sendJson } from '../http/sendJson.ts';
import { errorOf } from './errorOf.ts';
import { problemOf } from './problemOf.ts';

/**
 * Answers a single event: 201 when the ledger took it in, 200 when it had it already.
 * @throws ProblemError 409, 412, 422
 */
export function answerOutcome(reply: FastifyReply, outcome: Outcome): void {
  switch (outcome.status) {
    case 'recorded':
      sendJson(reply, 201, JSON.stringify(outcome.receipt), { 'lading-sequence': String(outcome.receipt.sequence) });
      return;
    case 'replayed':
      sendJson(reply, 200, JSON.stringify(outcome.receipt), {
        'lading-sequence': String(outcome.receipt.sequence),
        'idempotent-replay': 'true',
      });
      return;
    default:
      throw errorOf(problemOf(outcome));
  }
}
