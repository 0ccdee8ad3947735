import { type EventType, subjectOf } from '#contracts/catalog';
import { type LedgerEvent, MAX_EVENT_BYTES, serialiseEvent } from '#contracts/cloudEvent';
import { decide } from '#ledger/decide';
import type { EntityKey } from '#ledger/entity';
import { touched } from '#ledger/touched';
import type { UnitChanges } from '#ledger/units';
import { leafHash } from '#proofs/leafHash';
import type { Drafted } from './draft.ts';
import { evolved, type Lookup } from '../state/entities.ts';
import { type Known, versionOf } from '../state/known.ts';
import { type Missing, NotingView } from '../state/recordingView.ts';
import type { Outcome, Submission } from '../submission.ts';
import type { UnitLookups } from '../state/unitLookups.ts';
import { serialMoves } from '../state/unitMoves.ts';

/** Where an event will stand. */
export interface Position {
  readonly ledger: string;
  readonly sequence: number;
  readonly recordedtime: string;
  /** `recordedtime`, for the rules. */
  readonly now: Date;
  readonly batch?: { readonly index: number; readonly size: number } | undefined;
}

/** An event that may be written, with what it does to the entities and units. */
export interface Decided {
  readonly drafted: Drafted;
  readonly entities: readonly (readonly [EntityKey, Known])[];
  readonly units: UnitChanges | undefined;
}

export type Refused = Extract<Outcome, { status: 'rejected' | 'behind' }>;

/**
 * Decides about one submission and completes its event, without changing anything.
 * Throws only what is a fault of this code.
 */
export function decideOne(
  { event: submitted, hash, actor, ifMatch }: Submission,
  position: Position,
  entities: Lookup,
  lookups: UnitLookups,
): Decided | Refused | Missing {
  const view = new NotingView(entities, lookups);
  const subject = subjectOf<EventType>(submitted.type, submitted.data);

  if (ifMatch !== undefined) {
    const known = entities.get(subject as EntityKey);
    if (known === undefined) view.note(subject as EntityKey);
    else if (versionOf(known) !== ifMatch) return { status: 'behind', version: versionOf(known) };
  }

  const decision = decide(submitted, view, position.now);
  const unseen = view.missing();
  if (unseen !== undefined) return unseen;
  if (!decision.ok) {
    const { code, detail, facts } = decision;
    return { status: 'rejected', rejection: { code, detail, facts } };
  }

  const { ledger, sequence, recordedtime, batch } = position;
  const event = {
    id: submitted.id,
    source: submitted.source,
    type: submitted.type,
    subject,
    time: submitted.time,
    ledger,
    sequence,
    recordedtime,
    actor,
    correlationid: submitted.correlationid,
    causationid: submitted.causationid,
    batchindex: batch?.index,
    batchsize: batch?.size,
    data: decision.data,
  } as LedgerEvent;
  const bytes = serialiseEvent(event);
  if (bytes.length > MAX_EVENT_BYTES) return tooLarge(bytes.length);

  const streams = touched(event);
  const changes: [EntityKey, Known][] = [];
  for (const key of streams) {
    const known = entities.get(key);
    if (known === undefined) view.note(key);
    else changes.push([key, evolved(key, known, event)]);
  }
  const units = serialMoves(event, view);
  const missing = view.missing();
  if (missing !== undefined) return missing;

  const receipt = { ledger, sequence, id: submitted.id, recordedtime };
  const drafted = {
    event,
    bytes,
    requestHash: hash,
    leafHash: leafHash(bytes),
    entities: streams,
    receipt,
  };
  return { drafted, entities: changes, units };
}

const tooLarge = (bytes: number): Refused => ({
  status: 'rejected',
  rejection: {
    code: 'event-too-large',
    detail: `With what the ledger adds, the event has ${bytes} bytes; ${MAX_EVENT_BYTES} is the most. Divide it into several.`,
    facts: { bytes, limit: MAX_EVENT_BYTES },
  },
});
