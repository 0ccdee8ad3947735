import type { Facts } from '#contracts/rejections';
import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { MAX_LINES } from '#contracts/bounded';
import { catalog, type EventType, eventTypes, isEventType, serviceOf, subjectOf } from '#contracts/catalog';
import {
  EXTENSION_NAME,
  type Extensions,
  MAX_EVENT_BYTES,
  MAX_EXTENSIONS,
  SubmittedEnvelope,
  type SubmittedEvent,
} from '#contracts/cloudEvent';
import type { Service } from '#contracts/define';
import { MAX_BODY_BYTES } from '#platform/http/createAdapter';
import { fieldErrors, MAX_FIELD_ERRORS, pointer } from '#platform/http/fieldErrors';
import type { Submission } from '#journal/submission';
import type { Refusal } from '#platform/http/problemError';
import { readJsonBytes, surveyJson } from '#platform/http/strictJson';
import type { FieldError } from '#contracts/problem';

interface ParsedEvent extends Pick<Submission, 'event' | 'bytes' | 'hash' | 'sentHash'> {
  readonly ok: true;
}
type Parsed = ParsedEvent | { readonly ok: false; readonly refusal: Refusal };

/**
 * Checks a JSON value that somebody submits as an event: the envelope, and the data of its type.
 *
 * @param value - what `JSON.parse` made of it; nothing about it is trusted
 * @param served - the services whose types are taken here; all of them when left out
 */
export function parseSubmission(value: unknown, served?: readonly Service[]): Parsed {
  const { event: sent, faults: named } = attributesOf(value);
  const type = typeIn(sent);
  if (type === undefined || !isEventType(type)) return refuseWithoutType(sent, type, named);
  if (serviceOf(type) === 'ledger')
    return refuse('malformed', WRITTEN_BY_LEDGER, [{ pointer: '/type', detail: WRITTEN_BY_LEDGER }]);
  // Each service takes back what it takes.
  if (served !== undefined && !served.includes(serviceOf(type)) && type !== 'lading.event.voided.v1')
    return refuseElsewhere(type);

  const { faults, values } = surveyJson(sent);
  if (values * 2 > MAX_EVENT_BYTES) return refuseSize(values * 2); // checked before a schema writes an error for each value
  const parsed = schemaOf(type).safeParse(sent);
  if (!parsed.success || faults.length + named.length > 0) {
    const found = [...faults, ...named, ...envelopeErrors(parsed.error, sent)];
    return found.length === 1 && parsed.error?.issues.some(isTooManyLines) ? refuseLines(found) : malformed(found);
  }

  const { said, extensions } = divide(parsed.data as Envelope);
  const { specversion: _, subject, ...event } = said;
  const about = subjectOf(type, event.data);
  if (subject !== undefined && subject !== about) {
    return malformed([{ pointer: '/subject', detail: `contradicts the data, which is about ${about}: leave it out` }]);
  }
  const sentText = canonicalText(sent);
  const bytes = Buffer.byteLength(sentText);
  if (bytes > MAX_EVENT_BYTES) {
    const couldFit = bytes > MAX_WITH_LINES ? undefined : firstLines(event);
    return couldFit === undefined ? refuseSize(bytes) : { ok: true, event: couldFit, bytes, hash: sha256(sentText) };
  }
  // What an event says decides whether two are the same; how it was sent, and what was attached to it on its way, does not. Nor does its
  // subject, which follows from the data: who sends on what the ledger has answered says the same again.
  if (extensions === undefined && subject === undefined) return { ok: true, event, hash: sha256(sentText) };
  const saidAsSent = divide(sent as Envelope).said;
  const { subject: _about, ...essence } = saidAsSent;
  const hash = requestHash(essence);
  // As releases hashed it to which the subject counted.
  const sentHash = subject === undefined ? sha256(sentText) : requestHash(saidAsSent);
  const { datacontenttype: _type, ...kept } = extensions ?? {}; // the ledger writes its own
  return { ok: true, event: withExtensions(event, kept as Extensions), hash, sentHash };
}

/** What an event says, and the attributes beside that: of the latter there are mostly none. */
function divide(envelope: Envelope): { said: Envelope; extensions: Record<string, unknown> | undefined } {
  const names = Object.keys(envelope).filter((name) => !SAYS.has(name));
  if (names.length === 0) return { said: envelope, extensions: undefined };
  const all = Object.entries(envelope);
  return {
    said: Object.fromEntries(all.filter(([name]) => SAYS.has(name))) as unknown as Envelope,
    extensions: Object.fromEntries(all.filter(([name]) => !SAYS.has(name))),
  };
}

const SAYS = new Set(
  Object.keys(SubmittedEnvelope.shape).filter((name) => name !== 'datacontenttype' && name !== 'dataschema'),
);

const withExtensions = (event: SubmittedEvent, extensions: Extensions): SubmittedEvent =>
  Object.keys(extensions).length === 0 ? event : { ...event, extensions };

/** SHA-256 of a JSON value in RFC 8785 form: what "the same body" means. Throws for what has no such form. */
export const requestHash = (value: unknown): Buffer => sha256(canonicalText(value));

const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer');

function canonicalText(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('not a JSON value');
  return text;
}

type Envelope = SubmittedEvent & { specversion: string; subject?: string };

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
  sequencetype: 'the ledger gives an event its place',
  recordedtime: 'the ledger says when it took an event in',
  actor: 'the ledger records the name of the key',
  batchindex: 'the ledger numbers the events of an atomic batch',
  batchsize: 'the ledger counts the events of an atomic batch',
};

/**
 * A CloudEvent as its schema sees it: without attributes that are null (CloudEvents: as if left out) and without
 * `partitionkey`, a word to transports that the ledger has an own value for; its data as JSON, also where it came as base64. `faults` names attributes that may not be there.
 */
function attributesOf(value: unknown): { readonly event: unknown; readonly faults: FieldError[] } {
  const faults: FieldError[] = [];
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return { event: value, faults };
  const event: Record<string, unknown> = {};
  let extensions = 0;
  for (const [name, sent] of Object.entries(value)) {
    if (faults.length >= MAX_FIELD_ERRORS) break;
    if (name === 'data' || Object.hasOwn(SubmittedEnvelope.shape, name)) {
      if (sent !== null || name === 'data') event[name] = sent;
    } else if (name === 'data_base64') readBase64(value, sent, event, faults);
    else if (Object.hasOwn(LEDGERS_OWN, name))
      faults.push({ pointer: `/${name}`, detail: `not for a submitter to set: ${LEDGERS_OWN[name] ?? ''}` });
    else if (!EXTENSION_NAME.test(name)) faults.push({ pointer: pointer([name]), detail: UNKNOWN_ATTRIBUTE });
    else if (sent !== null && name !== 'partitionkey' && ++extensions <= MAX_EXTENSIONS) event[name] = sent;
  }
  if (extensions > MAX_EXTENSIONS)
    faults.push({ pointer: '', detail: `${extensions} extension attributes: ${MAX_EXTENSIONS} at most` });
  return { event, faults };
}

const UNKNOWN_ATTRIBUTE = 'unknown attribute: the names of extensions are lower-case letters and digits, at most 64';

/** Data that a client holds as bytes, as CloudEvents' JSON format writes them. */
function readBase64(value: object, sent: unknown, event: Record<string, unknown>, faults: FieldError[]): void {
  if (sent === null) return;
  const why = (): string => {
    if (Object.hasOwn(value, 'data')) return 'data is there already: send one of the two';
    if (typeof sent !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(sent)) return 'not base64';
    if (sent.length > MAX_BODY_BYTES) return `longer than ${MAX_BODY_BYTES} bytes`;
    const read = readJsonBytes(Buffer.from(sent, 'base64'));
    if (!read.ok) return `the bytes are not the JSON that data is: ${read.detail}`;
    event.data = read.value;
    return '';
  };
  const detail = why();
  if (detail !== '') faults.push({ pointer: '/data_base64', detail });
}

function envelopeErrors(error: z.ZodError | undefined, value: unknown): FieldError[] {
  if (error === undefined) return [];
  return fieldErrors(error.issues, value).map((found) => {
    if (found.detail !== 'unknown field' || found.pointer !== '/data/moves') return found;
    return { pointer: found.pointer, detail: 'not for a submitter to set: the ledger works out the moves' };
  });
}

const refuse = (code: Refusal['code'], detail: string, errors: readonly FieldError[], facts: Facts = {}): Parsed => ({
  ok: false,
  refusal: { status: code === 'event-too-large' ? 422 : 400, code, detail, errors, facts },
});

function malformed(found: readonly FieldError[]): Parsed {
  const each = [...new Map(found.map((error) => [error.pointer, error])).values()]; // each field once
  const errors = each.slice(0, MAX_FIELD_ERRORS);
  const [first] = errors;
  const where = first === undefined || first.pointer === '' ? 'the event' : first.pointer;
  const more = errors.length >= MAX_FIELD_ERRORS ? 'at least ' : '';
  const detail =
    errors.length === 1 && first !== undefined
      ? `${where}: ${first.detail}`
      : `${more}${errors.length} fields are not as they should be; the first is ${where}: ${first?.detail ?? ''}`;
  return refuse('malformed', detail, errors);
}

function refuseWithoutType(value: unknown, type: string | undefined, named: readonly FieldError[]): Parsed {
  const errors = [
    ...surveyJson(value).faults,
    ...named,
    ...envelopeErrors(SubmittedEnvelope.safeParse(value).error, value),
  ];
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

const isTooManyLines = ({ code, path }: z.core.$ZodIssue): boolean =>
  code === 'too_big' && path.length === 2 && (path[1] === 'lines' || path[1] === 'legs');

const refuseLines = (errors: readonly FieldError[]): Parsed =>
  refuse(
    'event-too-large',
    `an event has at most ${MAX_LINES} lines or legs: send the first ${MAX_LINES}, and the others in events after it (of an order, as lading.order.lines_added.v1)`,
    errors,
    { fits: MAX_LINES },
  );

/** The first lines of an event that is too large by itself are decided all the same: the refusal says how many of them fit. */
const MAX_WITH_LINES = 4 * MAX_EVENT_BYTES;

/**
 * An event with no more of its first lines than could fit: to decide about 20,000 serial numbers only to say that they are too many took
 * 60 ms. Undefined when not even one could, or when it has no lines.
 */
function firstLines(event: SubmittedEvent): SubmittedEvent | undefined {
  const { data } = event;
  const name = 'lines' in data ? 'lines' : 'legs';
  const lines: unknown = (data as Readonly<Record<string, unknown>>)[name];
  if (!Array.isArray(lines) || lines.length < 2) return undefined;
  let fit = 0;
  for (let left = MAX_EVENT_BYTES; fit < lines.length; fit++) {
    left -= Buffer.byteLength(JSON.stringify(lines[fit]));
    if (left < 0) break;
  }
  return fit === 0 ? undefined : ({ ...event, data: { ...data, [name]: lines.slice(0, fit) } } as SubmittedEvent);
}

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
