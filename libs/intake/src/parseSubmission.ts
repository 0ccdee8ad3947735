import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { catalog, type EventType, eventTypes, isEventType, serviceOf, subjectOf } from '#contracts/catalog';
import { MAX_EVENT_BYTES, SubmittedEnvelope, type SubmittedEvent } from '#contracts/cloudEvent';
import type { Service } from '#contracts/define';
import { fieldErrors, MAX_FIELD_ERRORS } from '#platform/http/fieldErrors';
import type { Refusal } from '#platform/http/problemError';
import { surveyJson } from '#platform/http/strictJson';
import type { FieldError } from '#contracts/problem';

type Parsed =
  | { readonly ok: true; readonly event: SubmittedEvent /** `requestHash` of what was sent. */; readonly hash: Buffer }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * Checks a JSON value that somebody submits as an event: the envelope, and the data of its type.
 *
 * @param value - what `JSON.parse` made of it; nothing about it is trusted
 * @param served - the services whose types are taken here; all of them when left out
 */
export function parseSubmission(value: unknown, served?: readonly Service[]): Parsed {
  const type = typeIn(value);
  if (type === undefined || !isEventType(type)) return refuseWithoutType(value, type);
  if (serviceOf(type) === 'ledger')
    return refuse('malformed', WRITTEN_BY_LEDGER, [{ pointer: '/type', detail: WRITTEN_BY_LEDGER }]);
  if (served !== undefined && !served.includes(serviceOf(type))) return refuseElsewhere(type);

  const { faults, values } = surveyJson(value);
  if (values * 2 > MAX_EVENT_BYTES) return refuseSize(values * 2); // checked before a schema writes an error for each value
  const parsed = schemaOf(type).safeParse(value);
  if (!parsed.success || faults.length > 0) return malformed([...faults, ...envelopeErrors(parsed.error, value)]);

  const { specversion: _, datacontenttype: __, subject, ...event } = parsed.data as Envelope;
  const about = subjectOf(type, event.data);
  if (subject !== undefined && subject !== about) {
    return malformed([{ pointer: '/subject', detail: `contradicts the data, which is about ${about}: leave it out` }]);
  }
  const text = canonicalText(value);
  const bytes = Buffer.byteLength(text);
  return bytes > MAX_EVENT_BYTES ? refuseSize(bytes) : { ok: true, event, hash: sha256(text) };
}

/** SHA-256 of a JSON value in RFC 8785 form: what "the same body" means. Throws for what has no such form. */
export const requestHash = (value: unknown): Buffer => sha256(canonicalText(value));

const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer');

function canonicalText(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('not a JSON value');
  return text;
}

type Envelope = SubmittedEvent & { specversion: string; datacontenttype?: string; subject?: string };

/** One schema for each type, of envelope and data together, so that one pass finds everything that is wrong. */
const schemas = new Map<EventType, z.ZodType>();
function schemaOf(type: EventType): z.ZodType {
  let schema = schemas.get(type);
  if (schema === undefined) {
    schema = SubmittedEnvelope.extend({ type: z.literal(type), data: catalog[type].submitted });
    schemas.set(type, schema);
  }
  return schema;
}

function typeIn(value: unknown): string | undefined {
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, 'type')) return undefined;
  const { type } = value as { type: unknown };
  return typeof type === 'string' ? type : undefined;
}

/** The attributes that only the ledger sets, each with the reason that a submitter is told. */
const LEDGERS_OWN: Readonly<Record<string, string>> = {
  ledger: 'the ledger is named by the path',
  sequence: 'the ledger gives an event its place',
  recordedtime: 'the ledger says when it took an event in',
  actor: 'the ledger records the name of the key',
  partitionkey: 'the ledger is its own partition key',
  batchindex: 'the ledger numbers the events of an atomic batch',
  batchsize: 'the ledger counts the events of an atomic batch',
};

function envelopeErrors(error: z.ZodError | undefined, value: unknown): FieldError[] {
  if (error === undefined) return [];
  return fieldErrors(error.issues, value).map((found) => {
    const name = found.pointer.slice(1);
    if (found.detail !== 'unknown field') return found;
    if (Object.hasOwn(LEDGERS_OWN, name))
      return { pointer: found.pointer, detail: `not for a submitter to set: ${LEDGERS_OWN[name] ?? ''}` };
    if (found.pointer === '/data/moves')
      return { pointer: found.pointer, detail: 'not for a submitter to set: the ledger works out the moves' };
    return name.includes('/') ? found : { pointer: found.pointer, detail: 'unknown attribute' };
  });
}

const refuse = (
  code: Refusal['code'],
  detail: string,
  errors: readonly FieldError[],
  facts: Readonly<Record<string, unknown>> = {},
): Parsed => ({
  ok: false,
  refusal: { status: code === 'event-too-large' ? 422 : 400, code, detail, errors, facts },
});

function malformed(found: readonly FieldError[]): Parsed {
  const errors = found.slice(0, MAX_FIELD_ERRORS);
  const [first] = errors;
  const where = first === undefined || first.pointer === '' ? 'the event' : first.pointer;
  const more = errors.length >= MAX_FIELD_ERRORS ? 'at least ' : '';
  const detail =
    errors.length === 1 && first !== undefined
      ? `${where}: ${first.detail}`
      : `${more}${errors.length} fields are not as they should be; the first is ${where}: ${first?.detail ?? ''}`;
  return refuse('malformed', detail, errors);
}

function refuseWithoutType(value: unknown, type: string | undefined): Parsed {
  const errors = [...surveyJson(value).faults, ...envelopeErrors(SubmittedEnvelope.safeParse(value).error, value)];
  if (type === undefined || type === '') return malformed(errors);
  const similar = similarTypes(type);
  const detail = `no event type is called ${quoted(type)}${similar.length > 0 ? `: did you mean ${similar.join(' or ')}?` : ''}`;
  return refuse(
    'unknown-type',
    detail,
    [{ pointer: '/type', detail }, ...errors.filter((error) => error.pointer !== '/type')].slice(0, MAX_FIELD_ERRORS),
    { similar },
  );
}

function refuseElsewhere(type: EventType): Parsed {
  const service = serviceOf(type);
  const detail = `${type} is taken by the ${service} service`;
  return refuse('type-not-served-here', detail, [{ pointer: '/type', detail }], { service });
}

const refuseSize = (bytes: number): Parsed =>
  refuse(
    'event-too-large',
    `an event is at most ${MAX_EVENT_BYTES} bytes, this one is at least ${bytes} before the ledger adds to it`,
    [],
    {
      bytes,
      limit: MAX_EVENT_BYTES,
    },
  );

const WRITTEN_BY_LEDGER = 'the ledger writes this event itself when it is opened: PUT /v1/ledgers/{ledger}';

const quoted = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);

/** The event types that a misspelt one may have meant, likeliest first, three at most. */
function similarTypes(type: string): string[] {
  const meant = type.toLowerCase();
  return eventTypes
    .map((known) => ({ known, distance: distance(meant, known) }))
    .filter(({ known, distance }) => distance <= Math.max(4, known.length * 0.3))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ known }) => known);
}

/** Levenshtein: how many characters to add, drop or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
