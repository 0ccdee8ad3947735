import type { JsonSchema } from '#contracts/jsonSchema';

/**
 * What makes a changed schema refuse values that the old one took, each as `pointer: reason`; empty when the change is
 * compatible. It knows the keywords that the contracts use, and refuses a change of any other rather than guess.
 */
export function incompatibilities(old: JsonSchema, changed: JsonSchema, at = ''): string[] {
  if (JSON.stringify(old) === JSON.stringify(changed)) return [];
  const alternatives = alternativesOf(old);
  if (alternatives)
    return alternatives.flatMap((each, i) => incompatibilities(each, changed, `${at}/alternative ${i}`));
  const choices = alternativesOf(changed);
  if (choices) return fitsOne(old, choices, at);
  return [
    ...unknownKeywords(old, changed, at),
    ...narrowedType(old, changed, at),
    ...narrowedValues(old, changed, at),
    ...narrowedLimits(old, changed, at),
    ...narrowedObject(old, changed, at),
    ...narrowedItems(old, changed, at),
  ];
}

const ANNOTATIONS = new Set(['$schema', '$id', 'title', 'description', 'example', 'examples', 'default', 'deprecated']);
const AT_LEAST = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const AT_MOST = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
const JUDGED = new Set([
  ...[...AT_LEAST, ...AT_MOST],
  ...['type', 'enum', 'const', 'pattern', 'format', 'properties', 'required', 'additionalProperties', 'items'],
]);

/** A discriminated union is written as oneOf; its alternatives exclude each other, so it reads as anyOf. */
function alternativesOf(schema: JsonSchema): JsonSchema[] | undefined {
  return (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
}

function fitsOne(old: JsonSchema, choices: readonly JsonSchema[], at: string): string[] {
  const tried = choices.map((choice) => incompatibilities(old, choice, at));
  return tried.some((reasons) => reasons.length === 0) ? [] : [`${at}: fits none of the alternatives any more`];
}

function unknownKeywords(old: JsonSchema, changed: JsonSchema, at: string): string[] {
  const keywords = new Set([...Object.keys(old), ...Object.keys(changed)]);
  return [...keywords]
    .filter((keyword) => !JUDGED.has(keyword) && !ANNOTATIONS.has(keyword))
    .filter((keyword) => JSON.stringify(old[keyword]) !== JSON.stringify(changed[keyword]))
    .map((keyword) => `${at}: ${keyword} changed, which cannot be judged`);
}

const typesOf = (schema: JsonSchema): string[] | undefined =>
  schema.type === undefined ? undefined : [schema.type].flat().map(String);

function narrowedType(old: JsonSchema, changed: JsonSchema, at: string): string[] {
  const now = typesOf(changed);
  if (now === undefined) return [];
  const lost = (typesOf(old) ?? ['any']).filter(
    (t) => !now.includes(t) && !(t === 'integer' && now.includes('number')),
  );
  return lost.map((type) => `${at}: the type ${type} is no longer taken`);
}

const valuesOf = (schema: JsonSchema): unknown[] | undefined =>
  'const' in schema ? [schema.const] : (schema.enum as unknown[] | undefined);

function narrowedValues(old: JsonSchema, changed: JsonSchema, at: string): string[] {
  const now = valuesOf(changed);
  if (now === undefined) return [];
  const before = valuesOf(old);
  if (before === undefined) return [`${at}: only some values are taken now`];
  return before
    .filter((value) => !now.includes(value))
    .map((value) => `${at}: the value ${String(value)} is no longer taken`);
}

const BEFORE_IDS_OF_OTHERS = {
  id: '^[A-Za-z0-9][A-Za-z0-9._:~@+#-]{0,99}$',
  serial: '^[\\x21-\\x7e]{1,64}$',
  prefix: '^[\\x21-\\x7e]{0,50}$',
};
const ID = '^[^\\x00-\\x20\\x7f-\\xa0\\xad](?:[^\\x00-\\x1f\\x7f-\\xa0\\xad]{0,126}[^\\x00-\\x20\\x7f-\\xa0\\xad])?$';

/** Patterns that take all that another one took. Two patterns cannot be compared, so a test draws texts of the old ones. */
export const WIDENED: readonly (readonly [old: string, wider: string])[] = [
  [BEFORE_IDS_OF_OTHERS.id, ID],
  [BEFORE_IDS_OF_OTHERS.serial, '^[\\x21-\\x7e](?:[\\x20-\\x7e]{0,126}[\\x21-\\x7e])?$'],
  [BEFORE_IDS_OF_OTHERS.prefix, '^(?:[\\x21-\\x7e][\\x20-\\x7e]{0,126})?$'],
];
const isWidened = (old: unknown, changed: unknown): boolean =>
  WIDENED.some(([before, wider]) => before === old && wider === changed);

function narrowedLimits(old: JsonSchema, changed: JsonSchema, at: string): string[] {
  const tighter = (keyword: string, isTighter: (now: number, before: number) => boolean, open: number) => {
    const now = changed[keyword] as number | undefined;
    if (now === undefined) return [];
    const before = (old[keyword] as number | undefined) ?? open;
    return isTighter(now, before) ? [`${at}: ${keyword} is ${now}, it was ${before === open ? 'open' : before}`] : [];
  };
  const newText = (keyword: string) =>
    changed[keyword] !== undefined && changed[keyword] !== old[keyword] && !isWidened(old[keyword], changed[keyword])
      ? [`${at}: ${keyword} changed, which may refuse what was taken`]
      : [];
  return [
    ...AT_LEAST.flatMap((keyword) => tighter(keyword, (now, before) => now > before, -Infinity)),
    ...AT_MOST.flatMap((keyword) => tighter(keyword, (now, before) => now < before, Infinity)),
    ...['pattern', 'format'].flatMap(newText),
  ];
}

const propertiesOf = (schema: JsonSchema) => (schema.properties ?? {}) as Record<string, JsonSchema>;
const requiredOf = (schema: JsonSchema) => (schema.required ?? []) as string[];
const escaped = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1');

function narrowedObject(old: JsonSchema, changed: JsonSchema, at: string): string[] {
  const before = propertiesOf(old);
  const now = propertiesOf(changed);
  const others = changed.additionalProperties;
  const reasons = requiredOf(changed)
    .filter((name) => !requiredOf(old).includes(name))
    .map((name) => `${at}/${escaped(name)}: is required now`);
  for (const [name, schema] of Object.entries(before)) {
    const next = now[name] ?? others ?? true;
    if (next === false) reasons.push(`${at}/${escaped(name)}: is gone, and unknown properties are refused`);
    else if (next !== true) reasons.push(...incompatibilities(schema, next as JsonSchema, `${at}/${escaped(name)}`));
  }
  return [...reasons, ...narrowedOthers(old.additionalProperties, others, Object.keys(now), before, at)];
}

/** Properties that were not named: taken before unless `additionalProperties` was false. */
function narrowedOthers(
  old: unknown,
  changed: unknown,
  named: readonly string[],
  before: Record<string, JsonSchema>,
  at: string,
): string[] {
  if (old === false) return [];
  const newlyNamed = named.filter((name) => !Object.hasOwn(before, name));
  const reasons = newlyNamed.map((name) => `${at}/${escaped(name)}: had any value before, now has a schema`);
  if (changed === false) return [...reasons, `${at}: unknown properties are refused now`];
  if (changed === undefined || changed === true) return reasons;
  const open = old === undefined || old === true ? {} : (old as JsonSchema);
  return [...reasons, ...incompatibilities(open, changed as JsonSchema, `${at}/*`)];
}

function narrowedItems(old: JsonSchema, changed: JsonSchema, at: string): string[] {
  const now = changed.items;
  if (now === undefined || now === true) return [];
  return incompatibilities((old.items ?? {}) as JsonSchema, now as JsonSchema, `${at}/items`);
}
