import { Inject, Injectable, Logger } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type pg from 'pg';
import { readHead } from '#journal/reader';
import type { DryRun } from '#journal/dryRun';
import { Journal } from '#journal/journal';
import type { AtomicOutcome, Submission } from '#journal/submission';
import { errorOf, ProblemError, type Refusal } from '#platform/http/problemError';
import type { HeldKey } from '#platform/keys/actor';
import { POOL } from '#platform/service/tokens';
import { Turns } from '#platform/service/turns';
import { admit, type Sender } from './admit.ts';
import * as answers from './answers.ts';
import type { ManyEventsFormat, OneEventFormat, SentEvent } from './formats/format.ts';
import { readDryRun, readIfMatch, refuseIfMatch } from './http/requestHeaders.ts';
import { limits } from './limits.ts';
import { requestHash } from './parseSubmission.ts';
import { Semaphore } from './semaphore.ts';
import { Submit, SubmitAtomic } from './submit.handler.ts';

/** A request that brings events: to which ledger, and from whom. */
export interface IntakeRequest extends Sender {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly ledger: string;
  /** What the events are tried on, when they are only to be tried. */
  readonly dryRun?: DryRun | undefined;
}

/** The one way from the events of a body to their answers, whatever format they are written in. */
@Injectable()
export class Intake {
  readonly #logger = new Logger(Intake.name);
  /** The ledgers that are known to be open. A ledger that was opened stays open, so each is looked up once. */
  readonly #open = new Set<string>();

  constructor(
    private readonly commands: CommandBus,
    private readonly journal: Journal,
    @Inject(POOL) private readonly pool: pg.Pool,
  ) {}

  /** @throws ProblemError 404 when nobody opened the ledger */
  async requireLedger(ledger: string): Promise<void> {
    if (this.#open.has(ledger)) return;
    if ((await readHead(this.pool, ledger)) === undefined) throw errorOf(answers.unknownLedger(ledger));
    this.#open.add(ledger);
  }

  /**
   * Does `work`, on a dry run when the request asks for one: the same checks and answers, and nothing is kept.
   * @throws ProblemError 503 when too many dry runs are under way
   */
  async tried(to: IntakeRequest, work: (to: IntakeRequest) => Promise<void>): Promise<void> {
    if (!readDryRun(to.request)) return work(to);
    let begun = false;
    const begin = (dryRun: DryRun): Promise<void> => {
      begun = true;
      void to.reply.header('lading-dry-run', 'true');
      return work({ ...to, dryRun });
    };
    return this.journal.dryRun(to.ledger, begin).catch((error: unknown) => {
      throw begun ? error : errorOf(answers.refusalOfError(error));
    });
  }

  /**
   * Answers for the one event of a body: 201 when the ledger took it in, 200 when it had it already.
   * @throws ProblemError
   */
  async answerOne<Body>(to: IntakeRequest, format: OneEventFormat<Body>): Promise<void> {
    const { request, reply } = to;
    const ifMatch = readIfMatch(request.headers['if-match']);
    const event = format.parse(request.body as Body);
    const turns = new Turns();
    if (turns.over) await turns.next();
    const result = await this.#submit(event, to, ifMatch);
    if (answers.isRefusal(result)) throw errorOf(format.inBody(result, 0));
    const { status, receipt } = result;
    const text = JSON.stringify({ ...receipt, ...answers.wouldKeep(result) });
    const headers = {
      ...(to.dryRun === undefined && { 'lading-sequence': String(receipt.sequence) }),
      ...answers.replayHeader(status),
    };
    answers.sendJson(reply, answers.statusOf(status), text, headers);
  }

  /** Answers for independent events, in their order, each with a result of its own. A refused one does not affect the others. */
  async answerEach(to: IntakeRequest, format: ManyEventsFormat): Promise<void> {
    refuseIfMatch(to.request.headers['if-match']);
    const events = await format.parse(to.request.body as Buffer, limits.batchEvents);
    to.request.body = undefined; // `events` has it
    const semaphore = new Semaphore(limits.inFlight);
    const allowance = answers.newAllowance();
    const turns = new Turns();
    const items: Promise<string>[] = [];
    /** What the first event was told that found the journal away: those after it need not wait for the same, each for itself. */
    let away: answers.Item | undefined;
    for (let index = 0; index < events.count; index++) {
      // Events that are refused at once never wait for anything: without this no other request would be served meanwhile.
      if (turns.over) await turns.next();
      const doubt = to.key.isSure ? undefined : await whyNotSure(to.key);
      const { result } = await semaphore.start(() => away ?? this.itemOf(doubt ?? events.at(index), to, allowance));
      items.push(
        result.then((item) => {
          if (away === undefined && answers.isAway(item)) away = answers.notTried(item);
          return answers.itemText(item, allowance);
        }),
      );
    }
    answers.sendJson(to.reply, 200, `{"results":[${(await Promise.all(items)).join(',')}]}`);
  }

  /**
   * Answers for events that are kept together or not at all.
   * @throws ProblemError of the first event that fails, with its index and with pointers into the body
   */
  async answerTogether(to: IntakeRequest, format: ManyEventsFormat): Promise<void> {
    refuseIfMatch(to.request.headers['if-match']);
    const events = await format.parse(to.request.body as Buffer, limits.atomicEvents);
    to.request.body = undefined; // `events` has it
    const submissions: Submission[] = [];
    const turns = new Turns();
    for (let index = 0; index < events.count; index++) {
      if (turns.over) await turns.next();
      const event = events.at(index);
      const admitted = answers.isRefusal(event) ? event : admit(event.value, to);
      if (answers.isRefusal(admitted)) throw errorOf(inBatch(format.inBody(admitted, index), index));
      submissions.push(admitted);
    }
    const doubt = await whyNotSure(to.key);
    if (doubt !== undefined) throw errorOf(doubt);
    // The journal numbers the events of a batch; an empty one has none to number.
    const outcome: AtomicOutcome | Refusal =
      submissions.length === 0
        ? { status: 'recorded', receipts: [] }
        : await this.commands
            .execute(new SubmitAtomic(to.ledger, submissions, to.dryRun))
            .catch(answers.refusalOfError);
    if (answers.isRefusal(outcome)) throw errorOf(outcome);
    if (!('receipts' in outcome)) throw to.key.refusal ?? errorOf(whyNothingIsKept(outcome));
    const status = answers.statusOf(outcome.status);
    const kept = 'wouldKeep' in outcome ? answers.withinBytes(outcome.wouldKeep ?? []) : [];
    const results = outcome.receipts.map(({ sequence }, index) => ({ status, sequence, ...kept[index] }));
    answers.sendJson(to.reply, status, JSON.stringify({ results }), answers.replayHeader(outcome.status));
  }

  /** What is answered about one event of many. An event that may not come in is answered at once. Never rejects or throws. */
  itemOf(
    event: SentEvent | Refusal,
    to: IntakeRequest,
    allowance: answers.Allowance,
  ): Promise<answers.Item> | answers.Item {
    const result = answers.isRefusal(event) ? event : this.#submit(event, to);
    if (!(result instanceof Promise)) return answers.itemOf(result, allowance);
    return result.then(
      (settled) => answers.itemOf(settled, allowance),
      (error: unknown) => {
        this.#logger.error({ request: to.request.id, err: error }, 'failed');
        return answers.itemOf(INTERNAL, allowance);
      },
    );
  }

  #submit(
    { value, identity }: SentEvent,
    to: Sender & Pick<IntakeRequest, 'ledger' | 'dryRun'>,
    ifMatch?: number,
  ): Promise<answers.Result> | answers.Result {
    const admitted = admit(value, to);
    if (answers.isRefusal(admitted)) return admitted;
    const submission = {
      ...admitted,
      ...(identity !== undefined && { hash: requestHash(identity) }),
      ...(ifMatch !== undefined && { ifMatch }),
      ...(identity !== undefined && isTimeless(identity) && { atItsTime: true }),
    };
    return this.commands
      .execute(new Submit(to.ledger, submission, to.dryRun))
      .then(
        (outcome) => (outcome.status === 'forbidden' ? to.key.refusal : undefined) ?? answers.resultOf(outcome),
        answers.refusalOfError,
      );
  }
}

/** What a plain route takes back without a time has the time of the event that it takes back. */
const isTimeless = (identity: unknown): boolean =>
  typeof identity === 'object' &&
  identity !== null &&
  !('time' in identity) &&
  'type' in identity &&
  identity.type === 'lading.event.voided.v1';

const INTERNAL: Refusal = {
  status: 500,
  code: 'internal',
  detail: 'an internal error; it has been logged with the id of this request',
};

/** Looks the key of a request up again: why nothing may be done with it, 401, 403 or 503; undefined when it may go on. */
export async function whyNotSure(key: Pick<HeldKey, 'check'>): Promise<Refusal | undefined> {
  return key.check().then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof ProblemError) return error.status === 503 ? answers.beforeJournal(error) : error;
      throw error;
    },
  );
}

function whyNothingIsKept(outcome: Exclude<AtomicOutcome, { receipts: unknown }>): Refusal {
  if (outcome.status === 'failed') return inBatch(answers.refusalOf(outcome.outcome), outcome.index);
  const { index, sequences } = outcome;
  return {
    status: 409,
    code: 'batch-partly-there',
    detail: `${sequences.length} events of the batch are in the ledger already, others are not: an atomic batch is sent again whole, or not at all`,
    facts: { index, sequences },
  };
}

const inBatch = (refusal: Refusal, index: number): Refusal => ({
  ...refusal,
  detail: `event ${index} of the batch: ${refusal.detail.replace(/\.$/, '')}; nothing of the batch is kept`,
  facts: { ...refusal.facts, index },
});
