import { Injectable } from '@nestjs/common';
import { Budget, type BudgetSize, holdOf, refused, tooMuch } from '#platform/http/admission';
import { bodiesOf, letCome, lingerOver } from '#platform/http/bodies';
import type { Refusal } from '#platform/http/problemError';
import { Drain } from '#platform/http/drain';
import { gauge } from '#platform/watching/metrics';
import { type Item, itemOf, newAllowance } from '../answers.ts';
import type { StreamFormat } from '../formats/format.ts';
import { refuseIfMatch } from '../http/requestHeaders.ts';
import { Intake, type IntakeRequest, whyNotSure } from '../intake.ts';
import { limits } from '../limits.ts';
import { pump, type Standing, type Watch } from './pump.ts';

const openStreams = gauge('lading_intake_streams', 'Streams of events that are being submitted');
const heldBytes = gauge('lading_intake_stream_bytes', 'Bytes of streams that are in memory');

/** How much streams may hold, and how long they may bring nothing. */
export interface StreamLimits {
  readonly streams: BudgetSize;
  readonly streamBytes: BudgetSize;
  readonly streamIdle: number;
}

/**
 * Takes in a stream of events, one a line, of any length. Every line that is not blank is answered with a line,
 * `{line, status, sequence | problem}`, in order, as it commits; a bad line does not stop the others. A client reads while it
 * writes: while a client does not read, nothing more is read from it. When the journal cannot be reached, the stream ends
 * early, with 503 for the lines that were read. When the process stops, the stream ends early, too. Lines without a result
 * are to be sent again. When the key may not submit any more, nothing more is taken: the last line says so, with the number of the
 * first line that was not taken.
 */
@Injectable()
export class StreamIntake {
  readonly #streams: Budget;
  readonly #bytes: Budget;

  constructor(
    private readonly intake: Intake,
    private readonly drain: Drain,
    private readonly bounds: StreamLimits,
  ) {
    this.#streams = new Budget(bounds.streams);
    this.#bytes = new Budget(bounds.streamBytes);
  }

  /** @throws ProblemError 429 and 503 when too many streams are open */
  async answer(to: IntakeRequest, format: StreamFormat): Promise<void> {
    const { name } = to.key.actor;
    refuseIfMatch(to.request.headers['if-match']);
    const full = this.#streams.full(name, 1);
    if (full !== undefined) throw tooMuch(full, 'streams are open', to.request);
    this.#streams.take(name, 1);
    openStreams.inc();
    try {
      await this.#pump(to, format);
    } finally {
      this.#streams.take(name, -1);
      openStreams.dec();
    }
  }

  async #pump(to: IntakeRequest, format: StreamFormat): Promise<void> {
    const { request, reply, key } = to;
    holdOf(request).leavePlace(); // a stream has a place among the streams
    bodiesOf(request.server).unwatch(request.raw);
    reply.hijack();
    const { raw } = reply;
    letCome(request);
    raw.writeHead(200, {
      'content-type': format.mediaType,
      'cache-control': 'no-store',
      ...(to.dryRun !== undefined && { 'lading-dry-run': 'true' }),
    });
    raw.flushHeaders(); // whoever has nothing to say yet learns that the stream is open

    // However long the stream is, its field errors are listed like those of one request; the results themselves have no end.
    const allowance = { ...newAllowance(), bytes: Number.POSITIVE_INFINITY };
    const unavailable = new AbortController();
    const idle = new AbortController();
    const stop = AbortSignal.any([unavailable.signal, idle.signal, this.drain.signal, key.ended]);
    const watch = this.#watch(key.actor.name, idle, stop);
    let last = 0;
    let doubt: Refusal | undefined;
    const mayTake = () => key.isSure || whyNotSure(key).then((found) => (doubt = found) === undefined);
    const pumped = await pump(
      request.raw,
      raw,
      (line) => {
        last = line.number;
        const item = this.intake.itemOf(format.parse(line), to, allowance);
        if (!(item instanceof Promise)) return resultLine(line.number, item);
        return item.then((settled) => {
          if (settled.status >= 500) unavailable.abort();
          return resultLine(line.number, settled);
        });
      },
      { ...limits, mayTake },
      stop,
      watch,
    );
    watch.end();
    const refusal = key.refusal ?? doubt ?? (idle.signal.aborted ? idleFor(this.bounds.streamIdle) : undefined);
    if (refusal !== undefined && pumped === 'stopped')
      raw.write(`${resultLine(last + 1, itemOf(refusal, allowance))}\n`);
    raw.end();
    if (pumped === 'stopped') lingerOver(request.raw);
  }

  /** Counts what a stream holds, lets it wait for room, and ends it when it brings nothing. */
  #watch(name: string, idle: AbortController, stop: AbortSignal): Watch & { end(): void } {
    const bytes = this.#bytes;
    let last: Standing = { bytes: 0, line: 1, awaiting: false };
    let looks = 0;
    // Time is counted in looks: while this process itself stood still, nobody could send.
    const clock = setInterval(() => {
      looks = last.awaiting ? 0 : looks + 1;
      if (looks <= LOOKS) return;
      refused.inc({ reason: 'idle stream' });
      idle.abort();
    }, this.bounds.streamIdle / LOOKS).unref();
    return {
      stands(now) {
        if (now.line !== last.line || last.awaiting) looks = 0;
        heldBytes.inc(now.bytes - last.bytes);
        bytes.take(name, now.bytes - last.bytes);
        last = now;
      },
      mayRead: () => bytes.room(name, 0, stop),
      end() {
        clearInterval(clock);
        this.stands({ ...last, bytes: 0 });
      },
    };
  }
}

const LOOKS = 8;

const resultLine = (line: number, item: Item): string => JSON.stringify({ line, ...item });

function idleFor(ms: number): Refusal {
  const detail = `no line ended for ${ms / 1_000} s: send the events from this line on again, and a blank line now and then while there are none`;
  return { status: 408, code: 'request-timeout', detail };
}
