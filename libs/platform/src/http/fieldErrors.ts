import type { z } from 'zod';
import type { FieldError } from '#contracts/problem';
import { ProblemError } from './problemError.ts';

type Issue = z.core.$ZodIssue;

/**
 * A JSON pointer (RFC 6901): `pointer(['data', 'lines', 0])` is `/data/lines/0`. Names in it may be a sender's own: one that is longer
 * than any name of an event is cut, so that an answer is never much larger than what it answers.
 */
export function pointer(path: readonly PropertyKey[]): string {
  const text = path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return text.length > MAX_POINTER ? `${text.slice(0, MAX_POINTER)}…` : text;
}

const MAX_POINTER = 300;

/** As many wrong fields of one event, or of one request, are named. Whoever sent them knows by then what is wrong. */
export const MAX_FIELD_ERRORS = 10;

/** Names the bad fields of `input` by their JSON pointers, the first ones, from what zod found wrong with it. */
export function fieldErrors(issues: readonly Issue[], input: unknown): FieldError[] {
  // A field is named once, with the last thing found wrong with it: the narrowest.
  const errors = new Map<string, FieldError>();
  for (const issue of issues) {
    collect(issue, [], input, errors);
    if (errors.size >= MAX_FIELD_ERRORS) break;
  }
  return [...errors.values()];
}

/**
 * Parses `value` with `schema`.
 * @throws ProblemError 400 `malformed` that names every wrong field by its JSON pointer
 */
export function checked<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = fieldErrors(parsed.error.issues, value);
  const named = errors.map(({ pointer, detail }) => `${pointer || 'the body'}: ${detail}`);
  const detail = named.length === 1 ? String(named[0]) : `${named.length} fields are wrong: see errors`;
  throw new ProblemError(400, 'malformed', detail, { errors });
}

function collect(issue: Issue, base: readonly PropertyKey[], input: unknown, errors: Map<string, FieldError>): void {
  const path = [...base, ...issue.path];
  const add = (where: readonly PropertyKey[], detail: string): void => {
    const named = pointer(where);
    if (errors.size < MAX_FIELD_ERRORS || errors.has(named)) errors.set(named, { pointer: named, detail });
  };
  switch (issue.code) {
    case 'unrecognized_keys':
      for (const key of issue.keys.slice(0, MAX_FIELD_ERRORS)) add([...path, key], 'unknown field');
      return;
    case 'invalid_union': {
      const value = valueAt(input, path);
      const branch = likeliest(issue.errors, value);
      if (branch !== undefined) for (const inner of branch) collect(inner, path, input, errors);
      else add(path, unionDetail(issue, value));
      return;
    }
    default:
      add(path, detailOf(issue, valueAt(input, path)));
  }
}

/** Of a union's branches the one that was meant: the only one whose own type fits what was sent. */
function likeliest(branches: readonly (readonly Issue[])[], value: unknown): readonly Issue[] | undefined {
  const ofAnotherType = (issue: Issue): boolean =>
    issue.path.length === 0 &&
    (issue.code === 'invalid_type' ||
      (issue.code === 'invalid_value' && issue.values.every((allowed) => typeof allowed !== typeof value)));
  const fitting = branches.filter((issues) => !issues.some(ofAnotherType));
  // A branch that takes one value says little of a value that is none of it: `expected ""`, where a text is too long.
  const another = (issues: readonly Issue[]) =>
    Number(issues.some(({ code, path }) => code === 'invalid_value' && !path.length));
  return fitting.toSorted((a, b) => another(a) - another(b) || a.length - b.length)[0];
}

function unionDetail(issue: Extract<Issue, { code: 'invalid_union' }>, value: unknown): string {
  if (value === undefined) return 'missing';
  const types = issue.errors.flat().flatMap((inner) => (inner.code === 'invalid_type' ? [inner.expected] : []));
  const values = issue.errors.flat().flatMap((inner) => (inner.code === 'invalid_value' ? inner.values : []));
  const expected = [
    ...values.filter((one) => !types.some((type) => type === typeof one)).map((one) => JSON.stringify(one)),
    ...types.map((type) => (type === 'int' ? 'whole number' : type)),
  ];
  if (expected.length === 0) return issue.message.replace('Invalid discriminator value. Expected', 'expected');
  return `expected ${[...new Set(expected)].join(' or ')}, got ${kindOf(value)}`;
}

function detailOf(issue: Issue, value: unknown): string {
  if (value === undefined && issue.code !== 'custom') return 'missing';
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' || (issue.expected === 'number' && typeof value === 'number')
        ? `expected a whole number, got ${String(value)}`
        : `expected ${issue.expected === 'record' ? 'object' : issue.expected}, got ${kindOf(value)}`;
    case 'too_small':
      return bound('at least', issue.origin, issue.minimum);
    case 'too_big':
      return bound('at most', issue.origin, issue.maximum);
    case 'invalid_value':
      return `expected ${issue.values.map((allowed) => JSON.stringify(allowed)).join(' or ')}`;
    default:
      return issue.message;
  }
}

const bound = (which: string, origin: string, limit: number | bigint): string =>
  `${which} ${limit}${origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : ''}`;

const kindOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = input;
  for (const part of path) {
    // A list that came as one text (`?groupBy=owner,item`) is there, though it cannot be walked into.
    if (typeof value === 'string') return value;
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}
