import type { z } from 'zod';
import type { FieldError } from '#contracts/problem';

type Issue = z.core.$ZodIssue;

/** A JSON pointer (RFC 6901): `pointer(['data', 'lines', 0])` is `/data/lines/0`. */
export const pointer = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** More than these are counted, not listed. */
export const MAX_FIELD_ERRORS = 1000;

/** Names every bad field of `input` by its JSON pointer, from what zod found wrong with it. */
export function fieldErrors(issues: readonly Issue[], input: unknown): FieldError[] {
  const errors: FieldError[] = [];
  for (const issue of issues) {
    collect(issue, [], input, errors);
    if (errors.length >= MAX_FIELD_ERRORS) break;
  }
  // A field is named once, with the last thing found wrong with it: the narrowest.
  return [...new Map(errors.map((error) => [error.pointer, error])).values()].slice(0, MAX_FIELD_ERRORS);
}

function collect(issue: Issue, base: readonly PropertyKey[], input: unknown, errors: FieldError[]): void {
  const path = [...base, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      for (const key of issue.keys) errors.push({ pointer: pointer([...path, key]), detail: 'unknown field' });
      return;
    case 'invalid_union': {
      const branch = likeliest(issue.errors);
      if (branch !== undefined) for (const inner of branch) collect(inner, path, input, errors);
      else errors.push({ pointer: pointer(path), detail: unionDetail(issue, valueAt(input, path)) });
      return;
    }
    default:
      errors.push({ pointer: pointer(path), detail: detailOf(issue, valueAt(input, path)) });
  }
}

/** Of a union's branches the one that was meant: the only one whose own type fits what was sent. */
function likeliest(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fitting = branches.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && !path.length),
  );
  return fitting.toSorted((a, b) => a.length - b.length)[0];
}

function unionDetail(issue: Extract<Issue, { code: 'invalid_union' }>, value: unknown): string {
  if (value === undefined) return 'missing';
  const expected = issue.errors.flat().flatMap((inner) => (inner.code === 'invalid_type' ? [inner.expected] : []));
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
