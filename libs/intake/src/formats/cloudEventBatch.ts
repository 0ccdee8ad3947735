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
   * one by one when their turn comes, which costs 3 µs an event, and the memory of one event instead of that of all. Nor is there a
   * text of the whole body: 16 MB took up to 80 ms to decode and put together, and twice their bytes.
   */
  async parse(body, limit) {
    const turns = new Turns();
    // What reads a body of 16 MB to its end has had its turn.
    if (body.length > limits.body) await turns.next();
    if (!isUtf8(body)) throw errorOf(notJson('the body is not UTF-8'));
    const { count, places } = await find(body, limit, turns);
    if (count > limit) {
      const detail = `a batch here is at most ${limit} events, this one has ${count}`;
      throw new ProblemError(413, 'too-large', detail, { facts: { limit, events: count } });
    }
    const at = (index: number): SentEvent | Refusal => {
      const [start, end] = places[index] ?? [0, 0];
      if (end - start > limits.body) return elementTooLarge(index);
      return readJson(body.toString('utf8', start, end));
    };
    for (const [index, [start]] of places.entries()) {
      if (turns.over) await turns.next();
      const json = at(index);
      if (!('code' in json) || NOT_READ.has(json.code)) continue;
      const detail = `element ${index}, which begins at byte ${start} of the body: ${json.detail}`;
      throw errorOf({ ...pointIntoArray(json, index), detail });
    }
    return { count, at };
  },

  inBody: pointIntoArray,
};

/** What is too large to be an event is not read, so nobody knows whether it is JSON: it is refused by itself. */
const NOT_READ: ReadonlySet<string> = new Set(['too-large', 'event-too-large']);

async function find(body: Buffer, limit: number, turns: Turns): Promise<Elements> {
  const search = elementsOf(body, limit);
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
