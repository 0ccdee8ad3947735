import { errorOf } from '#platform/http/problemError';
import { readJsonBytes } from '#platform/http/strictJson';
import { limits } from '../limits.ts';
import type { OneEventFormat } from './format.ts';

/** One CloudEvent in structured mode. */
export const cloudEvent: OneEventFormat = {
  mediaType: 'application/cloudevents+json',
  holds: 'one',
  bodyLimit: limits.body,
  parse(body) {
    const json = readJsonBytes(body);
    if (!json.ok) throw errorOf(json);
    return json;
  },
  inBody: (refusal) => refusal,
};
