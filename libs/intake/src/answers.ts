import type { FastifyReply } from 'fastify';
import { type Problem, problem } from '#contracts/problem';
import { DryRunOver, dryRunLimits } from '#journal/dryRun';
import { JournalUnavailable } from '#journal/journalUnavailable';
import type { Outcome } from '#journal/submission';
import { TakesTooLong } from '#journal/takesTooLong';
import { UnknownLedger } from '#journal/unknownLedger';
import { troubleOf } from '#platform/database/trouble';
import type { Refusal } from '#platform/http/problemError';
import { limits } from './limits.ts';

/** An outcome of an event that the ledger keeps: it was recorded now, or earlier. */
export type Kept = Extract<Outcome, { receipt: unknown }>;

/** What became of a submitted event. */
export type Result = Kept | Refusal;

/** What may be said about the events of one request, all together. */
export const newAllowance = (): Allowance => ({ errors: limits.fieldErrors, bytes: limits.results });

export const isRefusal = (found: object): found is Refusal => 'code' in found;

/** The journal's outcome as a result: 409, 412 or 422 for an event that the ledger does not keep. */
export const resultOf = (outcome: Outcome): Result =>
  outcome.status === 'recorded' || outcome.status === 'replayed' ? outcome : refusalOf(outcome);

export function refusalOf(outcome: Exclude<Outcome, Kept>): Refusal {
  switch (outcome.status) {
    case 'conflict': {
      const { sequence } = outcome;
      const detail = `another event with this source and id is in the ledger, at sequence ${sequence}: send that one as it was, to the letter of its time, or this one with an id of its own`;
      return { status: 409, code: 'id-conflict', detail, facts: { sequence } };
    }
    case 'behind': {
      const { version } = outcome;
      const detail = `the stream of the event's subject is at ${version}, not where If-Match says`;
      return { status: 412, code: 'stream-moved-on', detail, facts: { version }, headers: { etag: `"${version}"` } };
    }
    case 'rejected':
      return { status: 422, ...outcome.rejection };
    case 'forbidden': {
      if (outcome.why !== undefined) return { status: 403, code: 'forbidden', ...outcome.why };
      const detail =
        'what the key may do was changed before the event was decided, and it may not submit this any more';
      return { status: 403, code: 'forbidden', detail };
    }
  }
}

/** What the journal threw, as a refusal: 404, 422 or 503. An unexpected error stays as it is. */
export function refusalOfError(error: unknown): Refusal {
  if (error instanceof UnknownLedger) return unknownLedger(error.ledger);
  if (error instanceof DryRunOver) return dryRunOver(error.limit);
  if (error instanceof TakesTooLong) return takesTooLong(error.limitMs);
  if (!(error instanceof JournalUnavailable)) throw error;
  const trouble = troubleOf(error.cause);
  const retryAfter = Math.max(error.retryAfter, trouble?.retryAfter ?? 1);
  return {
    status: 503,
    code: trouble?.code ?? 'unavailable',
    detail: `${trouble?.detail ?? WHY[error.reason]}; ${KNOWN[error.recorded]} in ${retryAfter} s`,
    facts: { retryAfter, reason: error.reason, recorded: error.recorded },
    headers: { 'retry-after': String(retryAfter) },
  };
}

/** A 503 of before the journal was asked: it says what the journal's own say, so that a client knows what was kept. */
export const beforeJournal = ({ status, code, detail, facts, headers = {} }: Refusal): Refusal => ({
  ...{ status, code, detail, headers },
  facts: { retryAfter: Number(headers['retry-after'] ?? 1), reason: 'unavailable', recorded: 'no', ...facts },
});

const dryRunOver = (limit: DryRunOver['limit']): Refusal => ({
  status: 413,
  code: 'too-large',
  detail: `a dry run takes ${dryRunLimits[limit]} ${limit} at most, and this event and those after it were not tried: submit what comes before it, then try the rest`,
  facts: { limit: dryRunLimits[limit], of: limit },
});

const takesTooLong = (limitMs: number): Refusal => ({
  status: 422,
  code: 'takes-too-long',
  detail: `the ledger was held for ${limitMs / 1000} s, which is the most, and nothing was recorded: divide this into smaller events or batches, since the same again takes as long`,
  facts: { limitSeconds: limitMs / 1000 },
});

const WHY: Readonly<Record<JournalUnavailable['reason'], string>> = {
  unavailable: 'the journal cannot be reached, or is behind with its work',
  stopping: 'this process is stopping',
  busy: 'too many events are waiting for this ledger',
};

const KNOWN: Readonly<Record<JournalUnavailable['recorded'], string>> = {
  no: 'nothing was recorded: send it again',
  unknown:
    'nothing is known about whether it was recorded: send it again with the same id, which is taken once however often it is sent,',
};

export const unknownLedger = (ledger: string): Refusal => ({
  status: 404,
  code: 'unknown-ledger',
  detail: `there is no ledger ${ledger}`,
  facts: { ledger },
});

/** What is answered about one event of a batch or a stream: `sequence` when the ledger keeps it, else the problem. */
export interface Item {
  readonly status: number;
  readonly sequence?: number;
  /** Of a dry run: the event that the ledger would keep. */
  readonly event?: unknown;
  readonly problem?: Problem;
}

/** How much may be said about the events of one request. Many small events that are wrong must not get a huge answer. */
export interface Allowance {
  /** Field errors that may still be listed. */
  errors: number;
  /** Bytes of results, after which a problem is told in a sentence. */
  bytes: number;
}

export function itemOf(result: Result, allowance: Allowance): Item {
  if (!isRefusal(result)) {
    const item = { status: statusOf(result.status), sequence: result.receipt.sequence };
    return allowance.bytes > 0 ? { ...item, ...wouldKeep(result) } : item;
  }
  const { status, code } = result;
  return { status, problem: problem(status, code, allowance.bytes > 0 ? listed(result, allowance) : inBrief(result)) };
}

/** Of a dry run: the event that would be kept. */
export const wouldKeep = (result: Kept): { readonly event?: unknown } | undefined =>
  'wouldKeep' in result ? eventOf(result.wouldKeep) : undefined;

const eventOf = (bytes: Buffer): { readonly event: unknown } => ({
  event: JSON.parse(bytes.toString('utf8')) as unknown,
});

/** The same of a batch, as many as the answer to one request has room for. */
export function withinBytes(events: readonly Buffer[]): { readonly event: unknown }[] {
  let room = limits.results;
  return events.flatMap((bytes) => ((room -= bytes.length) > 0 ? [eventOf(bytes)] : []));
}

/** The text of a result, which is taken off the allowance. */
export function itemText(item: Item, allowance: Allowance): string {
  const text = JSON.stringify(item);
  allowance.bytes -= text.length;
  return text;
}

function listed(refusal: Refusal, allowance: Allowance): Refusal {
  const { errors = [] } = refusal;
  const most = Math.min(errors.length, allowance.errors);
  allowance.errors -= most;
  if (most === errors.length) return refusal;
  const detail = `${refusal.detail}; it is not listed, because the answer to one request lists ${limits.fieldErrors} field errors`;
  return { ...refusal, detail, errors: errors.slice(0, most) };
}

const inBrief = ({ status, code, detail }: Refusal): Refusal => ({ status, code, detail: detail.slice(0, 200) });

/** Whether the journal is away, and not only busy: who comes next would wait for nothing. */
export const isAway = ({ status, problem }: Item): boolean => status === 503 && problem?.reason !== 'busy';

/** What is told to an event that was not tried, because the one before it found no way to the journal. */
export const notTried = (item: Item): Item => ({
  ...item,
  ...(item.problem !== undefined && {
    problem: {
      ...item.problem,
      recorded: 'no',
      detail: `there was no way to the journal for an event before this one, which was not tried: ${KNOWN.no} in ${String(item.problem.retryAfter)} s`,
    },
  }),
});

/** 201 when the ledger took it in now, 200 when it had it already. */
export const statusOf = (status: Kept['status']): 200 | 201 => (status === 'recorded' ? 201 : 200);

const REPLAYED = { 'idempotent-replay': 'true' };
export const replayHeader = (status: Kept['status']) => (status === 'replayed' ? REPLAYED : undefined);

/** Sends text that is JSON already: no serialiser looks at it again. */
export function sendJson(
  reply: FastifyReply,
  status: number,
  text: string,
  headers?: Readonly<Record<string, string>>,
): void {
  void reply.code(status).header('content-type', 'application/json; charset=utf-8');
  if (headers !== undefined) void reply.headers(headers);
  void reply.send(text);
}
