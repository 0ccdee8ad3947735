import { isUtf8 } from 'node:buffer';
import type { FieldError } from '#contracts/problem';
import { MAX_DEPTH } from './surveyJson.ts';
import { countMembers, duplicateNames } from './duplicateNames.ts';
import { scanJson } from './scanJson.ts';

export type Read<T> = { readonly ok: true; readonly value: T } | NotJson;

/** Why bytes are not JSON that a ledger takes. */
export interface NotJson {
  readonly ok: false;
  readonly code: 'not-json' | 'malformed';
  readonly detail: string;
  readonly errors: readonly FieldError[];
}

export const notJson = (detail: string): NotJson => ({ ok: false, code: 'not-json', detail, errors: [] });

/** The text in some bytes; a byte order mark at its start is passed over, as RFC 8259 §8.1 allows. */
export function readText(bytes: Buffer): Read<string> {
  if (!isUtf8(bytes)) return notJson('the body is not UTF-8');
  const start = bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  return { ok: true, value: bytes.toString('utf8', start) };
}

/**
 * Reads JSON strictly: a name written twice in one object is refused by pointer (`JSON.parse` keeps the last, other
 * readers the first, and what a submitter signed off would depend on the reader), and so is deep nesting.
 */
export function readJson(text: string): Read<unknown> {
  const { depth, members } = scanJson(text);
  if (depth > MAX_DEPTH)
    return { ok: false, code: 'malformed', detail: `nested more than ${MAX_DEPTH} deep`, errors: [] };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return notJson(text.trim() === '' ? 'there is nothing in it' : `not JSON: ${(error as SyntaxError).message}`);
  }
  return countMembers(value) === members ? { ok: true, value } : twice(text);
}

function twice(text: string): NotJson {
  const errors = duplicateNames(text).map((where) => ({ pointer: where, detail: 'written twice in one object' }));
  return { ok: false, code: 'malformed', detail: 'a field is written twice in one object', errors };
}
