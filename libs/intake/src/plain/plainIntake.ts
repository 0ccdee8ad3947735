import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EventType } from '#contracts/catalog';
import { serviceOf } from '#contracts/catalog';
import { requestHash } from '../parseSubmission.ts';
import type { Problem } from '#contracts/problem';
import type { Outcome } from '#journal/submission';
import { type Actor, ownSource } from '#platform/keys/actor';
import { ProblemError } from '#platform/http/problemError';
import { answerOutcome } from '../answers/answerOutcome.ts';
import { errorOf, errorOfFailure } from '../answers/errorOf.ts';
import { Submit } from '../commands/submit.ts';
import { admit } from '../events/admit.ts';
import { contentType } from '../http/contentType.ts';
import { readIdempotencyKey } from '../http/idempotencyKey.ts';
import { readIfMatch } from '../http/ifMatch.ts';
import { KnownLedgers } from '../ledgers/knownLedgers.ts';

export interface PlainRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly ledger: string;
  readonly actor: Actor;
  readonly type: EventType;
  /** What the path names: it stands in the data, and the body may not say it again. */
  readonly named?: Readonly<Record<string, string>>;
  /** What the body may leave out. */
  readonly defaults?: Readonly<Record<string, string | undefined>>;
}

/**
 * Takes in what a plain route says: its body is the event's data, with an optional `time`; its `Idempotency-Key` is the
 * event's id, in the source of the API key that sends it.
 *
 * The identity of a body is that of what was sent: `time` and what else may be left out are not filled in before it is made.
 * So a body without a time, sent again later with the same key, is the same body and gets the same answer.
 */
@Injectable()
export class PlainIntake {
  constructor(
    private readonly commands: CommandBus,
    private readonly ledgers: KnownLedgers,
  ) {}

  async take({ request, reply, ledger, actor, type, named = {}, defaults = {} }: PlainRequest): Promise<void> {
    const media = contentType(request, ['application/json']);
    await this.ledgers.find(ledger);
    const id = readIdempotencyKey(request.headers['idempotency-key']);
    const ifMatch = readIfMatch(request.headers['if-match']);
    const body = objectIn(media === undefined ? {} : request.body);
    refuseNamed(body, named);

    const { time, ...said } = body;
    const data = { ...named, ...said };
    const envelope = { specversion: '1.0', id, source: ownSource(actor), type };
    const sent = { ...envelope, ...(time !== undefined && { time }), data };
    const whole = { time: new Date().toISOString(), ...sent, data: { ...known(defaults), ...data } };

    const admitted = admit(whole, actor, [serviceOf(type)]);
    if (!admitted.ok) {
      if (admitted.problem.errors?.some(({ pointer }) => pointer === '/data/swap') && named.swap !== undefined)
        throw noSwap(named.swap);
      throw errorOf(asBody(admitted.problem));
    }
    const submission = { ...admitted.submission, hash: requestHash(sent), ...(ifMatch !== undefined && { ifMatch }) };
    const outcome = await this.commands.execute(new Submit(ledger, submission)).catch((error: unknown) => {
      throw errorOfFailure(error);
    });
    if (named.swap !== undefined && isNotThere(outcome)) throw noSwap(named.swap);
    answerOutcome(reply, outcome);
  }
}

function objectIn(body: unknown): Record<string, unknown> {
  if (body !== null && typeof body === 'object' && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new ProblemError(400, 'malformed', 'the body is not a JSON object');
}

function refuseNamed(body: Record<string, unknown>, named: Readonly<Record<string, string>>): void {
  const again = Object.keys(named).filter((name) => Object.hasOwn(body, name));
  if (again.length === 0) return;
  const errors = again.map((name) => ({ pointer: `/${name}`, detail: 'named by the path: leave it out' }));
  throw new ProblemError(400, 'malformed', `the path names the ${again.join(' and the ')} already`, { errors });
}

const known = (defaults: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(defaults).filter((entry): entry is [string, string] => entry[1] !== undefined));

/** A problem whose pointers go into the event, with pointers into the body that it was made of. */
function asBody(problem: Problem): Problem {
  if (problem.errors === undefined) return problem;
  const inBody = (text: string): string => text.replaceAll('/data/', '/');
  return {
    ...problem,
    detail: inBody(problem.detail),
    errors: problem.errors.map(({ pointer, detail }) => ({ pointer: pointer.replace(/^\/data(?=\/|$)/, ''), detail })),
  };
}

/** Of what a path names, when it is not there (or can never be): the path is wrong, not what was sent to it. */
const noSwap = (swap: string): ProblemError =>
  new ProblemError(404, 'unknown-swap', `there is no swap ${swap} in this ledger`, { facts: { swap } });

const isNotThere = (outcome: Outcome): boolean =>
  outcome.status === 'rejected' && outcome.rejection.code === 'unknown-swap';
