import type { Problem } from '#contracts/problem';
import type { Field, Form } from './forms.ts';

/** What stands in a form, by the keys of its fields. */
export type Values = Readonly<Record<string, string>>;

/** A field as it stands in a form: those of a line or a leg are there once for each. */
export interface Place {
  readonly key: string;
  readonly field: Field;
  /** The line or the leg, from 0; undefined for what the form has once. */
  readonly part: number | undefined;
}

export const keyOf = (parts: string, part: number, name: string): string => `${parts}-${part}-${name}`;

/** How many lines or legs the form has: as many as something stands in, and never fewer than the event needs. */
export function partsOf({ parts }: Form, values: Values): number {
  if (parts === undefined) return 0;
  const named = Object.keys(values).flatMap((key) => {
    const [name, part] = key.split('-');
    return name === parts.name && /^\d{1,3}$/.test(part ?? '') ? [Number(part) + 1] : [];
  });
  return Math.max(parts.least, ...named);
}

export function placesOf(form: Form, values: Values): readonly Place[] {
  const { fields, parts } = form;
  const own = fields.map((field) => ({ key: field.name, field, part: undefined }));
  if (parts === undefined) return own;
  const repeated = Array.from({ length: partsOf(form, values) }, (_, part) =>
    parts.fields.map((field) => ({ key: keyOf(parts.name, part, field.name), field, part })),
  );
  return [...own, ...repeated.flat()];
}

/** Without its last line or leg. */
export function withoutLast(form: Form, values: Values): Values {
  const last = `${form.parts?.name ?? ''}-${partsOf(form, values) - 1}-`;
  return Object.fromEntries(Object.entries(values).filter(([key]) => !key.startsWith(last)));
}

/** What an address fills in: only what the form asks for. */
export function filledBy(form: Form, choices: Readonly<Record<string, string | undefined>>): Values {
  const given = Object.fromEntries(
    Object.entries(choices).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const keys = new Set(placesOf(form, given).map(({ key }) => key));
  return Object.fromEntries(Object.entries(given).filter(([key]) => keys.has(key)));
}

export const isComplete = (form: Form, values: Values): boolean =>
  placesOf(form, values).every(({ key, field: { optional = false } }) => optional || (values[key] ?? '').trim() !== '');

/** The route that takes it, under the ledger. */
export const pathOf = ({ path }: Form, values: Values): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent((values[name] ?? '').trim()));

/** What is sent: the data of the event, or the whole event where the route asks for it. */
export function bodyOf(form: Form, values: Values, id: string, now: Date): object {
  const places = placesOf(form, values).filter(({ field }) => !form.path.includes(`{${field.name}}`));
  const filledIn = (wanted: number | undefined) =>
    Object.fromEntries(
      places.flatMap(({ key, field, part }) => {
        const text = (values[key] ?? '').trim();
        return part !== wanted || text === '' ? [] : [[field.name, valueOf(field, text)]];
      }),
    );
  const { parts } = form;
  const data = {
    ...filledIn(undefined),
    ...(parts !== undefined && {
      [parts.name]: Array.from({ length: partsOf(form, values) }, (_, part) => filledIn(part)),
    }),
  };
  if (form.type === undefined) return data;
  return { specversion: '1.0', id, source: 'urn:lading:dashboard', type: form.type, time: now.toISOString(), data };
}

const NUMBER = /^-?\d{1,15}$/;
/** What the ledger says of it is about JSON, which nobody writes into a form. */
const NO_NUMBER = 'Write a whole number in digits alone, such as 12000.';
const isNoNumber = ({ type }: Field, text: string): boolean => type === 'number' && !NUMBER.test(text.trim());

function valueOf({ type }: Field, text: string): unknown {
  // What is no number is sent as it is: the ledger says what is wrong with it, beside the field.
  if (type === 'number') return NUMBER.test(text) ? Number(text) : text;
  return type === 'moment' && /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) ? `${text}:00Z` : text;
}

const units = ['quantity', 'received', 'damaged'];
const begun = ['reallocation', 'hold', 'swap', 'shipment'];

/** Which field a rejection is about, the likeliest first. */
const ABOUT: Readonly<Record<string, readonly string[]>> = {
  'insufficient-quantity': units,
  'held-for': units,
  'already-received': units,
  'unknown-party': ['to', 'from', 'by', 'owner', 'consignee', 'carrier'],
  'unknown-order': ['order'],
  'unknown-order-line': ['line'],
  'unknown-shipment': ['shipment'],
  'unknown-swap': ['swap'],
  'unknown-hold': ['hold'],
  'unknown-event': ['sequence'],
  'already-exists': begun,
  'already-voided': ['sequence'],
  'depends-on-it': ['sequence'],
  'not-supported': ['sequence'],
  'swap-not-open': ['swap'],
  'swap-not-accepted': ['swap'],
  'swap-expired': ['swap'],
  'hold-not-open': ['hold'],
  'not-a-party': ['by'],
  'nothing-to-do': ['by', ...units],
  'not-the-owner': ['owner', 'from'],
  'ambiguous-owner': ['owner'],
  'wrong-stage': ['kind', 'shipment', 'quantity'],
};

/** What is wrong, by the key of its field; what is about no field of the form stands under the empty key. */
export function wrongIn(form: Form, values: Values, problem: Problem): ReadonlyMap<string, string> {
  const places = placesOf(form, values);
  const found = new Map<string, string>();
  for (const { pointer, detail } of problem.errors ?? []) {
    const key = pointer.replace(/^\/(data\/)?/, '').replaceAll('/', '-');
    const place = places.find((one) => one.key === key);
    found.set(place?.key ?? '', place !== undefined && isNoNumber(place.field, values[key] ?? '') ? NO_NUMBER : detail);
  }
  if (found.size === 0) found.set(aboutWhich(places, values, problem)?.key ?? '', problem.detail);
  return found;
}

/** The field that a rejection is about, by its code and by the facts that come with it: the party, the order, its line. */
function aboutWhich(places: readonly Place[], values: Values, problem: Problem): Place | undefined {
  const text = (key: string) => (values[key] ?? '').trim();
  const isOfLine = ({ part }: Place) =>
    places.every((other) => {
      const { name } = other.field;
      const fact = name === 'order' || name === 'line' ? problem[name] : undefined;
      return other.part !== part || typeof fact !== 'string' || text(other.key) === fact;
    });
  const named = (ABOUT[problem.code] ?? []).flatMap((name) => places.filter(({ field }) => field.name === name));
  const { party, role, quantity, asked = quantity } = problem;
  return (
    named.find((place) => typeof party === 'string' && text(place.key) === party && place.field.name === role) ??
    named.find((place) => typeof party === 'string' && text(place.key) === party) ??
    named.find((place) => isOfLine(place) && text(place.key) === String(asked)) ??
    named.find(isOfLine) ??
    named[0]
  );
}
