import type { SubmittedEvent } from '#contracts/cloudEvent';
import type { Rejection } from '#contracts/rejections';

/** One event to take in: checked against its schema, not yet decided. */
export interface Submission {
  readonly event: SubmittedEvent;
  /** SHA-256 of the event as submitted, in RFC 8785 form: what "the same body" means. 32 bytes. */
  readonly hash: Buffer;
  /** The name of the key that submits it. */
  readonly actor: string;
  /** The version that the stream of the event's subject must have; checked for single events only. */
  readonly ifMatch?: number | undefined;
}

/** What the ledger answers about an event that it keeps. */
export interface Receipt {
  readonly ledger: string;
  readonly sequence: number;
  readonly id: string;
  /** RFC 3339, UTC. */
  readonly recordedtime: string;
}

export type Outcome =
  | { readonly status: 'recorded'; readonly receipt: Receipt }
  /** The same source, id and body was there already: its answer again. */
  | { readonly status: 'replayed'; readonly receipt: Receipt }
  /** The same source and id with another body is there, at `sequence`. */
  | { readonly status: 'conflict'; readonly sequence: number }
  /** If-Match does not hold: the stream is at `version`. */
  | { readonly status: 'behind'; readonly version: number }
  | { readonly status: 'rejected'; readonly rejection: Rejection };

export type AtomicOutcome =
  | { readonly status: 'recorded' | 'replayed'; readonly receipts: readonly Receipt[] }
  /** The first that fails, by its index in the batch; nothing is kept. */
  | {
      readonly status: 'failed';
      readonly index: number;
      readonly outcome: Exclude<Outcome, { status: 'recorded' | 'replayed' }>;
    }
  /** Some of the batch is there already, some is not: `sequences` of what is. Nothing is kept. */
  | { readonly status: 'partly-there'; readonly index: number; readonly sequences: readonly number[] };
