import { type EventType, type Submitted, subjectOf } from '#contracts/catalog';
import { eventText, isVoid, type LedgerEvent, MAX_EVENT_BYTES } from '#contracts/cloudEvent';
import type { Beside, Command } from '#ledger/command';
import { decide } from '#ledger/decide';
import { toldTo } from '#ledger/discreet';
import { whyNotEntitled } from '#ledger/entitled';
import type { EntityKey } from '#ledger/entity';
import { isFoldedAnew, touched } from '#ledger/evolve';
import { type UnitChanges, unitChangesOf } from '#ledger/units';
import { entityOf, type View } from '#ledger/view';
import { leafHash } from '#proofs/compactRange';
import { anewFrom, type CachedEntity, type EntityLookup, evolved, versionOf } from '../state/entities.ts';
import { type KnownUnits, Missing, RecordingView } from '../state/recordingView.ts';
import type { KnownEvents } from '../state/recordedEvents.ts';
import type { Outcome, Submission } from '../submission.ts';
import type { DraftedEvent } from './draft.ts';

/** What the ledger adds to an event, besides what its rule adds. */
export interface Stamp {
  readonly ledger: string;
  readonly sequence: number;
  readonly recordedtime: string;
  /** `recordedtime`, for the rules. */
  readonly now: Date;
  readonly batch?: InBatch | undefined;
}

/** An event's place in an atomic batch, and what else is in it. */
export interface InBatch extends Beside {
  readonly index: number;
  readonly size: number;
}

/** An event that may be written, with what it does to the entities and units. */
export interface Decided {
  readonly drafted: DraftedEvent;
  readonly entities: readonly (readonly [EntityKey, CachedEntity])[];
  readonly units: UnitChanges | undefined;
}

export type NotRecorded = Extract<Outcome, { status: 'rejected' | 'behind' | 'forbidden' }>;
export type Forbidden = Extract<Outcome, { status: 'forbidden' }>;

/** Why whoever submits this may not, by what the ledger knows now; undefined when it may. */
export function whyForbidden(
  { event, mayStill, speaksFor, mayTakeBack }: Submission,
  entities: EntityLookup,
  units: KnownUnits,
  events?: KnownEvents,
): Forbidden | Missing | undefined {
  if (mayStill?.() === false) return { status: 'forbidden' };
  const party = speaksFor?.();
  if (event.type === 'lading.event.voided.v1') {
    const { sequence } = event.data;
    const recorded = events?.recorded(sequence);
    if (recorded === undefined) return missingEvent(sequence);
    if (recorded === null && party === undefined) return undefined;
    if (recorded !== null && mayTakeBack?.(recorded.event) !== false) return undefined;
    const why = `Only who submitted an event, or an admin, takes it back, with the role that its type needs; event ${sequence} is not one that this key may.`;
    return {
      status: 'forbidden',
      why: { detail: why, facts: { eventType: event.type, sequence, ...(party && { party, entitled: [] }) } },
    };
  }
  if (party === undefined) return undefined;
  const view = new RecordingView(entities, units, events);
  const why = whyNotEntitled(event, party, view);
  return view.missing() ?? (why && { status: 'forbidden', why });
}

/** What has to be loaded before it is known who may take an event back. */
function missingEvent(sequence: number): Missing {
  const missing = new Missing();
  missing.recorded.add(sequence);
  return missing;
}

/**
 * Decides about one submission and completes its event, without changing anything.
 * Throws only for a fault of this code.
 */
export function decideOne(
  submission: Submission,
  { ledger, sequence, recordedtime, now, batch }: Stamp,
  entities: EntityLookup,
  units: KnownUnits,
  events?: KnownEvents,
): Decided | NotRecorded | Missing {
  const forbidden = whyForbidden(submission, entities, units, events);
  if (forbidden !== undefined) return forbidden;
  const { hash, actor, ifMatch } = submission;
  const submitted = batchOrTime(submission, batch, events);
  const view = new RecordingView(entities, units, events);
  const subject = subjectOf<EventType>(submitted.type, submitted.data);

  if (ifMatch !== undefined) {
    const cached = entities.get(subject as EntityKey);
    if (cached === undefined) view.recordMissing(subject as EntityKey);
    else if (versionOf(cached) !== ifMatch) return { status: 'behind', version: versionOf(cached) };
  }

  const decision = decide(submitted, view, now);
  const notLoaded = view.missing();
  if (notLoaded !== undefined) return notLoaded;
  if (!decision.ok) {
    // Its first lines need not be an event of their own.
    if (submission.bytes !== undefined) return tooLarge(submission.bytes, undefined, 'at least ');
    const party = submission.speaksFor?.();
    const rejection = party === undefined ? decision : toldTo(party, decision, submitted, view);
    return view.missing() ?? { status: 'rejected', rejection };
  }

  const stamp = { ledger, sequence, recordedtime, actor, batchindex: batch?.index, batchsize: batch?.size };
  const completed = (data: LedgerEvent['data']) => eventOf(submitted, subject, stamp, data);
  const event = completed(decision.data);
  const bytes = Buffer.from(eventText(event));
  if (bytes.length > MAX_EVENT_BYTES || submission.bytes !== undefined) {
    const fits = howManyFit(submitted.data, bytes.length, (data) => {
      const part = decide({ ...submitted, data } as Submission['event'], view, now);
      return part.ok ? Buffer.byteLength(eventText(completed(part.data))) : undefined;
    });
    const sent = submission.bytes;
    return view.missing() ?? (sent === undefined ? tooLarge(bytes.length, fits) : tooLarge(sent, fits, 'at least '));
  }

  const streams = touched(event);
  const changes = entitiesAfter(event, streams, entities, view);
  const moved = serialMoves(event, view);
  const missing = view.missing();
  if (missing !== undefined) return missing;

  const receipt = { ledger, sequence, id: submitted.id, recordedtime };
  const drafted = { event, bytes, requestHash: hash, leafHash: leafHash(bytes), entities: streams, receipt };
  return { drafted, entities: changes, units: moved };
}

/** The entities of an event's streams, after it. */
function entitiesAfter(
  event: LedgerEvent,
  streams: readonly EntityKey[],
  entities: EntityLookup,
  view: RecordingView,
): [EntityKey, CachedEntity][] {
  const after: [EntityKey, CachedEntity][] = [];
  for (const key of streams) {
    if (isVoid(event) && isFoldedAnew(key)) {
      after.push([key, anewFrom(key, view.stream(key), event)]);
      continue;
    }
    const cached = entities.get(key);
    if (cached === undefined) view.recordMissing(key);
    else after.push([key, evolved(key, cached, event)]);
  }
  return after;
}

/** The event as it is decided: what takes an event back looks at its batch, and may have the time of that event. */
function batchOrTime(
  { event, atItsTime }: Submission,
  batch: InBatch | undefined,
  events: KnownEvents | undefined,
): Submission['event'] & Pick<Command, 'beside'> {
  if (event.type !== 'lading.event.voided.v1') return event;
  const time = atItsTime === true ? events?.recorded(event.data.sequence)?.event.time : undefined;
  return { ...event, ...(time !== undefined && { time }), beside: batch };
}

/** The event that the ledger would keep. */
const eventOf = (
  { id, source, type, time, correlationid, causationid, extensions }: Submission['event'],
  subject: string,
  stamp: Pick<LedgerEvent, 'ledger' | 'sequence' | 'recordedtime' | 'actor' | 'batchindex' | 'batchsize'>,
  data: LedgerEvent['data'],
): LedgerEvent => {
  const { ledger, sequence, recordedtime, actor, batchindex, batchsize } = stamp;
  // RFC 3339 takes t and z, which Go's and Python's own readers refuse.
  const attributes = { id, source, type, subject, time: time.toUpperCase(), ledger, sequence, recordedtime, actor };
  const rest = { correlationid, causationid, batchindex, batchsize };
  return Object.assign(attributes, rest, extensions, { data }) as LedgerEvent;
};

/**
 * How an event moves units with serial numbers; undefined when it moves none. Looks up the items of the event's moves, which
 * may be what is missing.
 */
function serialMoves(event: LedgerEvent, view: View): UnitChanges | undefined {
  const changes = unitChangesOf(event, (item) => entityOf(view, 'item', item)?.data.tracking === 'serial');
  return changes.named.length > 0 || changes.rest.length > 0 || changes.unnamed !== undefined ? changes : undefined;
}

/**
 * How many of an event's lines or legs would fit, counted from the first: looked for where the size of the whole makes it likely, since
 * each look decides about so many lines. Undefined when the event has none, or when a part of them would be no event of its own.
 */
function howManyFit(
  data: Submitted,
  bytes: number,
  sizeOf: (part: Submitted) => number | undefined,
): number | undefined {
  const name = 'lines' in data ? 'lines' : 'legs';
  const all = (data as Readonly<Record<string, unknown>>)[name];
  if (!Array.isArray(all)) return undefined;
  if (bytes <= MAX_EVENT_BYTES) return all.length;
  let [fits, size, tooMany, tooLarge] = [0, 0, all.length, bytes];
  for (let looks = 1; tooMany - fits > 1; looks++) {
    // Lines are mostly of one size. Where they are not, halves need few looks, too.
    const share = looks > 4 ? 0.5 : (MAX_EVENT_BYTES - size) / (tooLarge - size);
    const likely = fits + Math.floor(share * (tooMany - fits));
    const tried = Math.min(Math.max(likely, fits + 1), tooMany - 1);
    const part = sizeOf({ ...data, [name]: all.slice(0, tried) });
    if (part === undefined) return undefined;
    if (part > MAX_EVENT_BYTES) [tooMany, tooLarge] = [tried, part];
    else [fits, size] = [tried, part];
  }
  return fits;
}

function howToDivide(fits: number | undefined): string {
  if (fits === undefined) return 'Divide it into several.';
  if (fits > 0) return `Send the first ${fits} of its lines, and the others in events after it.`;
  return 'Not even its first line fits: divide its quantity, and the serial numbers that it names, over several events.';
}

const tooLarge = (bytes: number, fits: number | undefined, least = ''): NotRecorded => ({
  status: 'rejected',
  rejection: {
    code: 'event-too-large',
    detail: `With what the ledger adds, the event has ${least}${bytes} bytes; ${MAX_EVENT_BYTES} is the most. ${howToDivide(fits)}`,
    facts: { bytes, limit: MAX_EVENT_BYTES, ...(fits !== undefined && { fits }) },
  },
});
