const NEEDS_ESCAPE = /["\\]/;

/** A PostgreSQL text[] as text: what pg's own encoder makes, at a fraction of its cost (it escapes every element twice). */
export function textArray(values: readonly string[]): string {
  if (values.length === 0) return '{}';
  if (!NEEDS_ESCAPE.test(values.join(''))) return `{"${values.join('","')}"}`;
  return `{${values.map((value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(',')}}`;
}

/** A PostgreSQL int[] or bigint[] as text. */
export const intArray = (values: readonly number[]): string => `{${values.join(',')}}`;
