import { Injectable } from '@nestjs/common';
import type { Refusal } from '#platform/http/problemError';
import { Drain } from '#platform/http/drain';
import { type Item, itemOf, newAllowance } from '../answers.ts';
import type { StreamFormat } from '../formats/format.ts';
import { refuseIfMatch } from '../http/requestHeaders.ts';
import { Intake, type IntakeRequest, whyNotSure } from '../intake.ts';
import { limits } from '../limits.ts';
import { lingerOver } from './lingerOver.ts';
import { pump } from './pump.ts';

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
  constructor(
    private readonly intake: Intake,
    private readonly drain: Drain,
  ) {}

  async answer(to: IntakeRequest, format: StreamFormat): Promise<void> {
    const { request, reply, key } = to;
    refuseIfMatch(request.headers['if-match']);
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { 'content-type': format.mediaType, 'cache-control': 'no-store' });
    const cut = (): void => {
      raw.destroy();
    };
    raw.socket?.setTimeout(limits.streamIdle, cut);

    // However long the stream is, its field errors are listed like those of one request; the results themselves have no end.
    const allowance = { ...newAllowance(), bytes: Number.POSITIVE_INFINITY };
    const unavailable = new AbortController();
    const stop = AbortSignal.any([unavailable.signal, this.drain.signal, key.ended]);
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
    );
    raw.socket?.setTimeout(0).off('timeout', cut);
    const refusal = key.refusal ?? doubt;
    if (refusal !== undefined && pumped === 'stopped')
      raw.write(`${resultLine(last + 1, itemOf(refusal, allowance))}\n`);
    raw.end();
    if (pumped === 'stopped') lingerOver(request.raw);
  }
}

const resultLine = (line: number, item: Item): string => JSON.stringify({ line, ...item });
