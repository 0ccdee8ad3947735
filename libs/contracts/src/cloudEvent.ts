import { z } from 'zod';
import type { Completed, EventType, Submitted } from './catalog.ts';
import type { Move } from './move.ts';
import { Id, Moment } from './scalars.ts';

/** An event, completed, is at most this long: a C2SP tile entry, so that it can be a Merkle leaf as it is. */
export const MAX_EVENT_BYTES = 65_535;

/** What a submitter may set. Everything else is refused: it is unknown, or the ledger's alone to set. */
export const SubmittedEnvelope = z.strictObject({
  specversion: z.literal('1.0'),
  id: z.string().regex(/^[\x21-\x7e]{1,200}$/, 'an id: 1 to 200 printable characters without blanks'),
  source: z.string().regex(/^[\x21-\x7e]{1,200}$/, 'a URI reference, at most 200 characters'),
  type: z.string().min(1).max(100),
  time: Moment,
  datacontenttype: z.literal('application/json').optional(),
  subject: z.string().min(1).max(250).optional(),
  correlationid: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/)
    .optional(),
  causationid: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/)
    .optional(),
  data: z.record(z.string(), z.unknown()),
});

/** A submitted event whose envelope and data were both checked. */
export type SubmittedEvent<T extends EventType = EventType> = {
  [K in T]: {
    readonly id: string;
    readonly source: string;
    readonly type: K;
    /** When it happened in the world (RFC 3339). */
    readonly time: string;
    readonly correlationid?: string | undefined;
    readonly causationid?: string | undefined;
    readonly data: Submitted<K>;
  };
}[T];

/** An event as the ledger keeps it. */
export type LedgerEvent<T extends EventType = EventType> = {
  [K in T]: {
    readonly id: string;
    readonly source: string;
    readonly type: K;
    readonly subject: string;
    /** When it happened in the world (RFC 3339, as submitted). */
    readonly time: string;
    readonly ledger: string;
    /** Its place in its ledger: 1, 2, 3 … In the bytes a string of 16 digits. */
    readonly sequence: number;
    /** When the ledger took it in (RFC 3339, UTC). */
    readonly recordedtime: string;
    /** The name of the key that submitted it. */
    readonly actor: string;
    readonly correlationid?: string | undefined;
    readonly causationid?: string | undefined;
    readonly batchindex?: number | undefined;
    readonly batchsize?: number | undefined;
    readonly data: Completed<K>;
  };
}[T];

export const formatSequence = (sequence: number): string => String(sequence).padStart(16, '0');

/**
 * The JSON text of an event. Its bytes (UTF-8) are written once, when the event is appended; they are stored, hashed,
 * published and replayed as they are.
 */
export function eventText(event: LedgerEvent): string {
  const { id, source, type, subject, time, ledger, sequence, recordedtime, actor, data, ...rest } = event;
  return JSON.stringify({
    specversion: '1.0',
    id,
    source,
    type,
    subject,
    time,
    datacontenttype: 'application/json',
    ledger,
    sequence: formatSequence(sequence),
    recordedtime,
    actor,
    partitionkey: ledger,
    ...rest,
    data,
  });
}

// As quick as `Buffer.toString`, and a browser has it, too.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

const StoredEnvelope = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.string(),
  type: z.string(),
  time: z.string(),
  ledger: Id,
  sequence: z.string().regex(/^\d{16}$/),
  recordedtime: z.string(),
  data: z.record(z.string(), z.unknown()),
});

/**
 * Reads an event back from its bytes, of any version ever published.
 * The envelope is checked, the data is trusted: the ledger wrote it. Throws an Error that says what is wrong.
 */
export function parseEvent(bytes: Uint8Array): LedgerEvent {
  const parsed = StoredEnvelope.safeParse(JSON.parse(utf8.decode(bytes)));
  if (!parsed.success) throw new Error(`not an event of a ledger: ${z.prettifyError(parsed.error)}`);
  return { ...parsed.data, sequence: Number(parsed.data.sequence) } as unknown as LedgerEvent;
}

/** An event's moves; none when it moves no units. */
export const movesOf = ({ data }: Pick<LedgerEvent, 'data'>): readonly Move[] =>
  'moves' in data ? (data.moves ?? []) : [];
