import { isUtf8 } from 'node:buffer';
import { errorOf, ProblemError, type Refusal } from '#platform/http/problemError';
import { type Elements, elementsOf, notJson, readJson } from '#platform/http/strictJson';
import { Turns } from '#platform/service/turns';
import { limits } from '../limits.ts';
import type { ManyEventsFormat, SentEvent } from './format.ts';

/** A JSON array of CloudEvents. */
export const cloudEventBatch: ManyEventsFormat = {
  mediaType: 'application/cloudevents-batch+json',
  holds: 'many',
  bodyLimit: limits.batchBody,

  /**
   * Looks whether every element is JSON, and keeps none of the values: all of it is JSON, or none is taken. The values are read again
   * one by one when their turn comes, which costs 3 µs an event, and the memory of one event instead of that of all.
   */
  async parse(body, limit) {
    const turns = new Turns();
    const text = await textOf(body, turns);
    const { count, places } = await find(text, limit, turns);
    if (count > limit) {
      const detail = `a batch here is at most ${limit} events, this one has ${count}`;
      throw new ProblemError(413, 'too-large', detail, { facts: { limit, events: count } });
    }
    const at = (index: number): SentEvent | Refusal => {
      const [start, end] = places[index] ?? [0, 0];
      if (end - start > limits.body) return elementTooLarge(index);
      return readJson(text.slice(start, end));
    };
    for (const [index, [start]] of places.entries()) {
      if (turns.over) await turns.next();
      const json = at(index);
      if (!('code' in json) || NOT_READ.has(json.code)) continue;
      const detail = `element ${index}, at position ${start}: ${json.detail}`;
      throw errorOf({ ...pointIntoArray(json, index), detail });
    }
    return { count, at };
  },

  inBody: pointIntoArray,
};

/** What is too large to be an event is not read, so nobody knows whether it is JSON: it is refused by itself. */
const NOT_READ: ReadonlySet<string> = new Set(['too-large', 'event-too-large']);

/** Bytes that are decoded before others have their turn: up to 5 ms. */
const DECODED_AT_ONCE = 262_144;

/** The text of a body, decoded in turns: 16 MB that are not all ASCII took 80 ms at once. */
async function textOf(body: Buffer, turns: Turns): Promise<string> {
  const parts: string[] = [];
  if (!isUtf8(body)) throw errorOf(notJson('the body is not UTF-8'));
  for (let from = 0; from < body.length; ) {
    let end = Math.min(from + DECODED_AT_ONCE, body.length);
    // Not within a character: its bytes but for the first one are 10xxxxxx.
    while (((body[end] ?? 0) & 0xc0) === 0x80) end--;
    parts.push(from === 0 ? withoutMark(body.toString('utf8', 0, end)) : body.toString('utf8', from, end));
    from = end;
    if (from < body.length) await turns.next();
  }
  return parts.join('');
}

/** A byte order mark at the start is passed over, as RFC 8259 §8.1 allows. */
const withoutMark = (text: string): string => (text.startsWith('\ufeff') ? text.slice(1) : text);

async function find(text: string, limit: number, turns: Turns): Promise<Elements> {
  const search = elementsOf(text, limit);
  for (;;) {
    const { done, value } = search.next();
    if (done !== true) await turns.next();
    else if (value === undefined) throw errorOf(notJson('the body is not one JSON array'));
    else return value;
  }
}

const elementTooLarge = (index: number): Refusal => ({
  status: 413,
  code: 'too-large',
  detail: `element ${index} is larger than ${limits.body} bytes`,
  facts: { limit: limits.body },
});

function pointIntoArray(refusal: Refusal, index: number): Refusal {
  const errors = refusal.errors?.map((error) => ({ ...error, pointer: `/${index}${error.pointer}` }));
  return { ...refusal, errors };
}
