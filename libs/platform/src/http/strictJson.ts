/// <reference lib="es2024.string" />
import { isUtf8 } from 'node:buffer';
import { MAX_EVENT_BYTES } from '#contracts/cloudEvent';
import type { FieldError } from '#contracts/problem';
import { MAX_FIELD_ERRORS, pointer } from './fieldErrors.ts';
import { errorOf, type Refusal } from './problemError.ts';

/** No event of a ledger nests deeper than 6. A value that nests deeper than this is refused. */
const MAX_DEPTH = 32;

/** Each value of a JSON text takes two bytes at least, with what follows it. A text with more of them is no event, and is not parsed. */
const MAX_VALUES = Math.floor(MAX_EVENT_BYTES / 2);

type Read<T> = { readonly ok: true; readonly value: T } | NotJson;

/** Why bytes are not JSON that Lading takes. */
interface NotJson extends Refusal {
  readonly ok: false;
  readonly status: 400 | 422;
  readonly code: 'not-json' | 'malformed' | 'event-too-large';
  readonly errors: readonly FieldError[];
}

const refuse = (code: NotJson['code'], detail: string, errors: readonly FieldError[] = []): NotJson => ({
  ok: false,
  status: code === 'event-too-large' ? 422 : 400,
  code,
  detail,
  errors,
});

export const notJson = (detail: string): NotJson => refuse('not-json', detail);

/** A byte order mark at the start is passed over, as RFC 8259 §8.1 allows. */
const markLength = (bytes: Buffer): number =>
  bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;

/** The text in some bytes, after a byte order mark. */
export function readText(bytes: Buffer): Read<string> {
  if (!isUtf8(bytes)) return notJson('the body is not UTF-8');
  return { ok: true, value: bytes.toString('utf8', markLength(bytes)) };
}

/**
 * Reads JSON strictly. A name that is written twice in one object is refused by its pointer: `JSON.parse` keeps the last one,
 * other readers the first, so what a submitter meant would depend on the reader. Deep nesting is refused, too, and so are more
 * values than an event can have: both before anything is made of the text, because a value takes thirty times the bytes of `{}`.
 */
export function readJson(text: string): Read<unknown> {
  const { depth, members, values } = scanJson(text);
  if (depth > MAX_DEPTH) return refuse('malformed', `nested more than ${MAX_DEPTH} deep`);
  if (values > MAX_VALUES) {
    const detail = `an event is at most ${MAX_EVENT_BYTES} bytes, and what has more than ${MAX_VALUES} values cannot be so small`;
    return refuse('event-too-large', detail);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return notJson(text.trim() === '' ? 'there is nothing in it' : `not JSON: ${(error as SyntaxError).message}`);
  }
  if (countMembers(value) === members) return { ok: true, value };
  const errors = duplicateNames(text).map((where) => ({ pointer: where, detail: 'written twice in one object' }));
  return refuse('malformed', 'a field is written twice in one object', errors);
}

/** The JSON value in some bytes, read strictly. */
export function readJsonBytes(bytes: Buffer): Read<unknown> {
  const text = readText(bytes);
  return text.ok ? readJson(text.value) : text;
}

/**
 * The JSON value of a body, read strictly and surveyed.
 * @throws ProblemError 400 `not-json` for what is no UTF-8 or no JSON; `malformed` for a name written twice in an object, a
 * `__proto__` key, half a surrogate pair and deep nesting
 */
export function parseJson(body: Buffer): unknown {
  const json = readJsonBytes(body);
  if (!json.ok) throw errorOf(json);
  const errors = surveyJson(json.value).faults;
  if (errors.length > 0) throw errorOf(refuse('malformed', 'the body holds what no event may hold', errors));
  return json.value;
}

interface Survey {
  /** The first ones. */
  readonly faults: FieldError[];
  /** How many values it holds, itself included: each takes two bytes at least, with what follows it. */
  readonly values: number;
}

/**
 * What a schema does not see in a JSON value: keys named `__proto__` (zod passes over them in silence), strings that are
 * no Unicode text (half a surrogate pair: RFC 8785 has no form for them), and nesting beyond `MAX_DEPTH`.
 */
export function surveyJson(value: unknown): Survey {
  const survey = { faults: [], values: 0 };
  walk(value, [], survey);
  return survey;
}

function walk(value: unknown, path: PropertyKey[], survey: { faults: FieldError[]; values: number }): void {
  const { faults } = survey;
  survey.values++;
  if (faults.length >= MAX_FIELD_ERRORS) return;
  if (typeof value === 'string') {
    if (!value.isWellFormed()) faults.push({ pointer: pointer(path), detail: HALF_A_PAIR });
    return;
  }
  if (value === null || typeof value !== 'object') return;
  if (path.length >= MAX_DEPTH) {
    faults.push({ pointer: pointer(path), detail: `nested more than ${MAX_DEPTH} deep` });
    return;
  }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      path.push(index);
      walk(value[index], path, survey);
      path.pop();
    }
    return;
  }
  for (const key of Object.keys(value)) {
    path.push(key);
    if (key === '__proto__') faults.push({ pointer: pointer(path), detail: 'unknown field' });
    else if (!key.isWellFormed()) faults.push({ pointer: pointer(path.slice(0, -1)), detail: HALF_A_PAIR });
    else walk((value as Record<string, unknown>)[key], path, survey);
    path.pop();
  }
}

const HALF_A_PAIR = 'not Unicode text: half of a surrogate pair';

/** What can be said about a JSON text before it is parsed. */
interface Scan {
  /** How deep it nests: 1 for `{}`. */
  readonly depth: number;
  /** How many members its objects have, as written: a name written twice counts twice. */
  readonly members: number;
  /** How many values it holds at most, itself included: an empty array or object counts as two. */
  readonly values: number;
}

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_ARRAY = 91;
const BACKSLASH = 92;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/**
 * Walks over a text once, at about 1 ns a character. It does not check the syntax: `JSON.parse` does that afterwards. The scan
 * bounds the nesting before anything recursive sees the value, and counts the members that `JSON.parse` would drop silently.
 */
export function scanJson(text: string): Scan {
  let deepest = 0;
  let depth = 0;
  let members = 0;
  let values = 1;
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(text, index);
        break;
      case COMMA:
        values++;
        break;
      case COLON:
        members++;
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        depth++;
        values++;
        if (depth > deepest) deepest = depth;
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth--;
        break;
    }
  }
  return { depth: deepest, members, values };
}

/** Where the elements of an array stand in its bytes, `[start, end)` each. */
export interface Elements {
  readonly count: number;
  /** Of the first ones: as many as were asked for. */
  readonly places: readonly (readonly [start: number, end: number])[];
}

const isBlank = (byte: number): boolean => byte === 32 || byte === 10 || byte === 13 || byte === 9;

/** Bytes that are looked at before other requests get a turn: about a millisecond. */
const BETWEEN_TURNS = 1_048_576;

/**
 * Finds the elements of an array in its bytes, so that they can be decoded and parsed one by one: what divides them is ASCII, and no
 * byte of any other character is. It counts all of them and notes the places of `limit`: places of 8,000,000 elements in 16 MB would
 * take half a gigabyte. It yields now and then, for whoever else has to run, also within a long string.
 * Returns undefined when the bytes are not one array from the first to the last. What stands between the commas may still be no JSON.
 */
export function* elementsOf(body: Buffer, limit: number): Generator<undefined, Elements | undefined> {
  const places: [number, number][] = [];
  const first = markLength(body);
  let [index, count, start, depth] = [first, 0, first, 0];
  let [isString, isEmpty, isOver] = [false, true, false];
  const add = (end: number): void => {
    if (++count <= limit) places.push([start, end]);
    start = end + 1;
    isEmpty = true;
  };
  while (index < body.length) {
    if (index > first) yield;
    for (const end = Math.min(index + BETWEEN_TURNS, body.length); index < end; index++) {
      const byte = body[index] ?? 0;
      if (isString) {
        if (byte === BACKSLASH) index++;
        else if (byte === QUOTE) isString = false;
        continue;
      }
      if (isBlank(byte)) continue;
      if (depth === 0) {
        if (isOver || byte !== OPEN_ARRAY) return undefined;
        depth = 1;
        start = index + 1;
      } else if (byte === COMMA && depth === 1) add(index);
      else if (depth === 1 && (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT)) {
        if (byte === CLOSE_OBJECT) return undefined;
        if (count > 0 || !isEmpty) add(index);
        depth = 0;
        isOver = true;
      } else {
        isEmpty = false;
        if (byte === QUOTE) isString = true;
        else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) depth++;
        else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--;
      }
    }
  }
  return isOver ? { count, places } : undefined;
}

/** The index of the quote that closes the string opened at `open`. */
function endOfString(text: string, open: number): number {
  for (let index = open + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === BACKSLASH) index++;
    else if (code === QUOTE) return index;
  }
  return text.length;
}

/** How many members the objects of a parsed value have, all together. */
export function countMembers(value: unknown): number {
  if (value === null || typeof value !== 'object') return 0;
  if (Array.isArray(value)) return value.reduce((sum: number, element) => sum + countMembers(element), 0);
  let members = 0;
  for (const name of Object.keys(value)) members += 1 + countMembers((value as Record<string, unknown>)[name]);
  return members;
}

/**
 * The pointers of the first members whose name their object has already, in a text that is JSON. This is slow and exact, and runs only
 * when the counts of members differ.
 */
export function duplicateNames(text: string): string[] {
  const found: string[] = [];
  const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}:,]/g);
  const open: { names: Set<string> | undefined; part: string | number }[] = [];
  let last = '';
  for (const [token] of tokens) {
    const top = open.at(-1);
    if (token === '{') open.push({ names: new Set(), part: '' });
    else if (token === '[') open.push({ names: undefined, part: 0 });
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',' && typeof top?.part === 'number') top.part++;
    else if (token === ':' && top?.names !== undefined) {
      top.part = JSON.parse(last) as string;
      if (top.names.has(top.part)) found.push(pointer(open.map(({ part }) => part)));
      if (found.length >= MAX_FIELD_ERRORS) break;
      top.names.add(top.part);
    }
    last = token;
  }
  return found;
}
