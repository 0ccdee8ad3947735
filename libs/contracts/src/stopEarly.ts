import { z } from 'zod';

/** Wrong things in one list after which the rest of it is not looked at. */
const ENOUGH = 10;
/** Entries that are checked between two looks at what was found. */
const AT_ONCE = 20;

const done = new WeakSet<z.ZodType>();

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
