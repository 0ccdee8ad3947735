import { readJsonBytes } from '#platform/http/strictJson';
import { limits } from '../limits.ts';
import type { StreamFormat } from './format.ts';

/** One CloudEvent a line. */
export const ndjson: StreamFormat = {
  mediaType: 'application/x-ndjson',
  holds: 'stream',
  parse(line) {
    if (!('tooLong' in line)) return readJsonBytes(line.bytes);
    const detail = `the line is longer than ${limits.line} bytes`;
    return { ok: false, status: 413, code: 'too-large', detail, facts: { limit: limits.line } };
  },
};
