import { setImmediate as breathe } from 'node:timers/promises';
import { ProblemError } from '#platform/http/problemError';
import { asError } from '../http/jsonIn.ts';
import { notJson, readJson, readText } from '#platform/http/strictJson';
import { elementsOf } from '#platform/http/strictJson';

/** Elements that are parsed in one go: about a millisecond. */
export const STRETCH = 50;

/**
 * Reads a batch: a JSON array, element by element, so that a large one does not hold up everybody else's requests.
 * @throws ProblemError 400 when it is not an array of JSON values (nothing of it is looked at then), 413 when there are more
 *   than `limit`
 */
export async function parseBatch(bytes: Buffer, limit: number): Promise<unknown[]> {
  const text = readText(bytes);
  if (!text.ok) throw asError(text);
  const elements = elementsOf(text.value);
  if (elements === undefined) throw asError(notJson('the body is not one JSON array'));
  if (elements.length > limit) {
    throw new ProblemError(
      413,
      'too-large',
      `a batch here is at most ${limit} events, this one has ${elements.length}`,
      {
        facts: { limit, events: elements.length },
      },
    );
  }
  const values: unknown[] = [];
  for (const [index, [start, end]] of elements.entries()) {
    if (index % STRETCH === STRETCH - 1) await breathe();
    const read = readJson(text.value.slice(start, end));
    if (!read.ok) {
      throw asError({
        ...read,
        detail: `element ${index}, at position ${start}: ${read.detail}`,
        errors: read.errors.map((error) => ({ ...error, pointer: `/${index}${error.pointer}` })),
      });
    }
    values.push(read.value);
  }
  return values;
}
