import type { FastifyReply, FastifyRequest } from 'fastify';
import { problem as document } from '#contracts/problem';
import type { ProblemError } from './problemError.ts';

/** Sends the problem document of an error; a 500 names its request, under which it is logged. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: ProblemError): void {
  const { status, code, detail, errors, facts, headers } = problem;
  const instance = request.url.split('?', 1)[0];
  const named = status === 500 ? { request: request.id, ...facts } : facts;
  void reply
    .code(status)
    .headers({ ...headers })
    .type('application/problem+json')
    // As bytes: Fastify adds a charset to text, and the media type has none.
    .send(Buffer.from(JSON.stringify(document(status, code, { detail, instance, errors, facts: named }))));
}
