import { z } from 'zod';
import { catalog, type EventType, eventTypes } from './catalog.ts';
import { type Named, named } from './scalars.ts';

/** A field that holds an id, and what the id names. */
interface NamingField {
  readonly field: string;
  readonly what: Named;
  /** Whether the party that it names may be registered afterwards. */
  readonly later: boolean;
}

/** Where a value names things: its own fields, and those of the objects and lists in it. */
export interface Naming {
  readonly ids: readonly NamingField[];
  readonly parts: readonly { readonly field: string; readonly naming: Naming }[];
}

/** Called with an id that a value names, the field that it stands in, the object that has the field, and how deep that is. */
type OnName = (id: string, field: NamingField, object: Readonly<Record<string, unknown>>, depth: number) => void;

/** Every id that a value names, in the order of its schema; an entry of a list as often as it is there. */
export function eachName(naming: Naming, value: object, on: OnName, depth = 0): void {
  const object = value as Readonly<Record<string, unknown>>;
  for (const field of naming.ids) {
    const id = object[field.field] as string | readonly string[] | undefined;
    if (typeof id === 'string') on(id, field, object, depth);
    else if (id !== undefined) for (const one of id) on(one, field, object, depth);
  }
  for (const { field, naming: inner } of naming.parts) {
    const part = object[field];
    if (part === undefined) continue;
    if (Array.isArray(part)) for (const entry of part) eachName(inner, entry as object, on, depth + 1);
    else if (typeof part === 'object' && part !== null) eachName(inner, part, on, depth + 1);
  }
}

/** Follows the shape of a schema. No schema of an event is recursive. */
function namingOf(schema: z.ZodType): Naming {
  const object = unwrap(schema);
  if (object instanceof z.ZodUnion) return merge(object.options.map((option) => namingOf(option as z.ZodType)));
  if (!(object instanceof z.ZodObject)) return { ids: [], parts: [] };
  const ids: NamingField[] = [];
  const parts: Naming['parts'][number][] = [];
  const shape: Readonly<Record<string, z.ZodType>> = object.shape;
  for (const [field, part] of Object.entries(shape)) {
    const value = unwrap(part);
    const what = named.get(value);
    if (what !== undefined) ids.push({ field, what: what.what, later: what.later === true });
    const naming = namingOf(value);
    if (naming.ids.length + naming.parts.length > 0) parts.push({ field, naming });
  }
  return { ids, parts };
}

/** The schema of a value that is there, of one entry of a list. */
export function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional) return unwrap(schema.unwrap() as z.ZodType);
  return schema instanceof z.ZodArray ? unwrap(schema.element as z.ZodType) : schema;
}

/** Of alternatives: whatever one of them names. */
function merge(namings: readonly Naming[]): Naming {
  const ids = new Map(namings.flatMap((naming) => naming.ids).map((id) => [id.field, id]));
  const parts = new Map(namings.flatMap((naming) => naming.parts).map((part) => [part.field, part]));
  return { ids: [...ids.values()], parts: [...parts.values()] };
}

// Worked out once, when this file is loaded: an event costs no walk through a schema.
const namings = new Map(
  eventTypes.map((type) => {
    const { submitted, completed } = catalog[type];
    return [type, { submitted: namingOf(submitted), completed: namingOf(completed) }];
  }),
);

const nothing: Naming = { ids: [], parts: [] };
const unknown = { submitted: nothing, completed: nothing };

/**
 * Where the data of an event type names things: as it is submitted, and as the ledger keeps it. Nowhere, for a type that a
 * later version adds.
 */
export const namingIn = (type: EventType): { readonly submitted: Naming; readonly completed: Naming } =>
  namings.get(type) ?? unknown;
