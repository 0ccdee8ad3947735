import { z } from 'zod';
import { countSerials, MAX_SERIALS, type Serials } from './serials.ts';

/** Wrong things in one list after which the rest of it is not looked at. */
const ENOUGH = 10;
/** Entries that are checked between two looks at what was found. */
const AT_ONCE = 20;

/**
 * An event has at most as many lines, or legs. With ids of usual length, that many fit into an event; a swap that can be proposed can be
 * executed, too, which adds a move to each leg. Events that were kept before this bound have more.
 */
export const MAX_LINES = 150;

const done = new WeakSet<z.ZodType>();

/** What a submitter sends, with bounds on the work that it makes: lines are few, lists stop early, and serial numbers are counted. */
export function bounded<S extends z.ZodType>(submitted: S): S {
  const some = fewLines(submitted);
  stopEarly(some);
  return some.check(someSerials);
}

function fewLines<S extends z.ZodType>(submitted: S): S {
  if (!(submitted instanceof z.ZodObject)) return submitted;
  const { lines, legs } = submitted.shape as Readonly<Record<string, z.ZodType>>;
  if (lines instanceof z.ZodArray) return submitted.safeExtend({ lines: lines.max(MAX_LINES) }) as unknown as S;
  if (legs instanceof z.ZodArray) return submitted.safeExtend({ legs: legs.max(MAX_LINES) }) as unknown as S;
  return submitted;
}

/**
 * Where an event's data names more serial numbers than `most`, all its lines together, and how many up to there; undefined where
 * it does not. They are counted, not written out.
 */
export function serialsBeyond(data: unknown, most: number): { path: (string | number)[]; count: number } | undefined {
  const counted = { count: 0, most };
  const own = countIn(data, counted);
  if (own !== undefined) return { path: [own], count: counted.count };
  for (const name of ['lines', 'legs']) {
    const lines = (data as Record<string, unknown> | null)?.[name];
    if (!Array.isArray(lines)) continue;
    for (let at = 0; at < lines.length; at++) {
      const field = countIn(lines[at], counted);
      if (field !== undefined) return { path: [name, at, field], count: counted.count };
    }
  }
  return undefined;
}

/** Adds up what the fields of an event's data, of a line or of a leg name; returns the field with which there are too many. */
function countIn(fields: unknown, counted: { count: number; readonly most: number }): string | undefined {
  if (typeof fields !== 'object' || fields === null) return undefined;
  // Every event comes by here: no list of the entries, and no pattern.
  for (const field in fields) {
    if (!field.endsWith('serials') && !field.endsWith('Serials')) continue;
    const serials = (fields as Record<string, Serials | undefined>)[field];
    if (serials !== undefined) counted.count += countSerials(serials);
    if (counted.count > counted.most) return field;
  }
  return undefined;
}

/** All serial numbers of an event count together: each of its lines may name many with a few characters. */
const someSerials = z.check(({ value, issues }) => {
  const beyond = serialsBeyond(value, MAX_SERIALS);
  if (beyond === undefined) return;
  const message = `an event names at most ${MAX_SERIALS} serial numbers in all its lines, and with these it names ${beyond.count}: divide it into several events`;
  issues.push({ code: 'custom', message, path: [...beyond.path], input: value });
});

/**
 * Makes every list in a schema stop at its first wrong entries. To describe what is wrong with an entry takes much longer than to
 * check a right one: an event of 60 KB with 15,000 wrong entries would occupy the process for half a second, and nobody reads 15,000
 * errors.
 */
export function stopEarly(schema: z.ZodType): void {
  if (done.has(schema)) return;
  done.add(schema);
  if (schema instanceof z.ZodOptional) stopEarly(schema.unwrap() as z.ZodType);
  else if (schema instanceof z.ZodUnion) for (const option of schema.options) stopEarly(option as z.ZodType);
  else if (schema instanceof z.ZodObject) for (const part of Object.values(schema.shape)) stopEarly(part as z.ZodType);
  else if (schema instanceof z.ZodArray) {
    stopEarly(schema.element as z.ZodType);
    stopList(schema);
  }
}

function stopList(list: z.ZodArray): void {
  const { _zod: inner } = list;
  const hasChecks = inner.run !== inner.parse;
  const whole = inner.parse.bind(inner);
  const inParts: typeof whole = (payload, ctx) => {
    const { value } = payload as { readonly value: unknown };
    if (!Array.isArray(value) || value.length <= AT_ONCE) return whole(payload, ctx);
    const checked: unknown[] = [];
    for (let start = 0; start < value.length && payload.issues.length < ENOUGH; start += AT_ONCE) {
      const part = whole({ value: value.slice(start, start + AT_ONCE), issues: [] }, ctx);
      if (part instanceof Promise) throw new Error('the schema of an event waits for nothing');
      checked.push(...(part.value as unknown[]));
      for (const issue of part.issues) {
        const [index, ...path] = issue.path ?? [];
        payload.issues.push({ ...issue, path: [Number(index) + start, ...path] });
      }
    }
    payload.value = checked;
    return payload;
  };
  if (!hasChecks) inner.run = inParts;
  inner.parse = inParts;
}
