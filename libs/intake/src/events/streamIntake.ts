import { Injectable } from '@nestjs/common';
import { problem } from '#contracts/problem';
import { type Item, itemOfProblem } from '../answers/item.ts';
import { problemOfBytes } from '../answers/problemOf.ts';
import { refuseIfMatch } from '../http/ifMatch.ts';
import { Drain } from '#platform/http/drain';
import { lingerOver } from '../http/lingerOver.ts';
import { readJson, readText } from '#platform/http/strictJson';
import { limits } from '../limits.ts';
import type { Line } from '../ndjson/lines.ts';
import { pump } from '../ndjson/pump.ts';
import type { Asked } from './asked.ts';
import { ItemIntake } from './itemIntake.ts';

/**
 * Takes in a stream of events, one a line, of any length: `application/x-ndjson`. Every line that is not blank is answered
 * with a line, `{line, status, sequence | problem}`, in order, as it commits; a bad one does not stop the others. A client
 * reads while it writes: who does not read is not read from. When the journal cannot be reached the stream ends early, with
 * 503 for the lines that it read; so it does, without, when the process stops. What has no result is to be sent again.
 */
@Injectable()
export class StreamIntake {
  constructor(
    private readonly items: ItemIntake,
    private readonly drain: Drain,
  ) {}

  async take(asked: Asked): Promise<void> {
    const { request, reply } = asked;
    refuseIfMatch(request.headers['if-match']);
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    const cut = (): void => {
      raw.destroy();
    };
    raw.socket?.setTimeout(limits.streamIdle, cut);

    const unavailable = new AbortController();
    const stop = AbortSignal.any([unavailable.signal, this.drain.signal]);
    const pumped = await pump(request.raw, raw, (line) => this.one(line, asked, unavailable), limits, stop);
    raw.socket?.setTimeout(0).off('timeout', cut);
    raw.end();
    if (pumped === 'stopped') lingerOver(request.raw);
  }

  private one(line: Line, asked: Asked, unavailable: AbortController): Promise<string> | string {
    const item = this.itemOf(line, asked);
    if (!(item instanceof Promise)) return resultLine(line.number, item);
    return item.then((settled) => {
      if (settled.status >= 500) unavailable.abort();
      return resultLine(line.number, settled);
    });
  }

  private itemOf(line: Line, asked: Asked): Promise<Item> | Item {
    if ('tooLong' in line) {
      const detail = `the line is longer than ${limits.line} bytes`;
      return itemOfProblem(problem(413, 'too-large', { detail, facts: { limit: limits.line } }));
    }
    const text = readText(line.bytes);
    const read = text.ok ? readJson(text.value) : text;
    return read.ok ? this.items.take(read.value, asked) : itemOfProblem(problemOfBytes(read));
  }
}

const resultLine = (line: number, item: Item): string => JSON.stringify({ line, ...item });
