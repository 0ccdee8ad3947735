import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { errorOf, ProblemError, type Refusal } from '#platform/http/problemError';
import { elementsOf, notJson, readJson, readText } from '#platform/http/strictJson';
import { limits } from '../limits.ts';
import type { ManyEventsFormat, SentEvent } from './format.ts';

/** A JSON array of CloudEvents. */
export const cloudEventBatch: ManyEventsFormat = {
  mediaType: 'application/cloudevents-batch+json',
  holds: 'many',
  bodyLimit: limits.batchBody,

  /** Parses element by element, so that a large batch does not hold up other requests. All of it is JSON, or none is taken. */
  async parse(body, limit) {
    const text = readText(body);
    if (!text.ok) throw errorOf(text);
    const elements = elementsOf(text.value);
    if (elements === undefined) throw errorOf(notJson('the body is not one JSON array'));
    if (elements.length > limit) {
      const detail = `a batch here is at most ${limit} events, this one has ${elements.length}`;
      throw new ProblemError(413, 'too-large', detail, { facts: { limit, events: elements.length } });
    }
    const events: SentEvent[] = [];
    for (const [index, [start, end]] of elements.entries()) {
      if (index % limits.eventsBetweenYields === limits.eventsBetweenYields - 1) await yieldToOthers();
      const json = readJson(text.value.slice(start, end));
      if (!json.ok) {
        const detail = `element ${index}, at position ${start}: ${json.detail}`;
        throw errorOf({ ...pointIntoArray(json, index), detail });
      }
      events.push(json);
    }
    return events;
  },

  inBody: pointIntoArray,
};

function pointIntoArray(refusal: Refusal, index: number): Refusal {
  const errors = refusal.errors?.map((error) => ({ ...error, pointer: `/${index}${error.pointer}` }));
  return { ...refusal, errors };
}
