import type { LedgerEvent, SubmittedEvent } from '#contracts/cloudEvent';
import type { Rejection } from '#contracts/rejections';
import type { NotEntitled } from '#ledger/entitled';

/** One event to take in: checked against its schema, not yet decided. */
export interface Submission {
  readonly event: SubmittedEvent;
  /** Bytes of what was sent, where they are too many for an event: then `event` has no more of its first lines than could fit. */
  readonly bytes?: number | undefined;
  /** SHA-256 of what the event says, in RFC 8785 form: what "the same body" means. 32 bytes. */
  readonly hash: Buffer;
  /** SHA-256 of all that was sent, where that is more: releases before extension attributes kept this one. */
  readonly sentHash?: Buffer | undefined;
  /** The name of the key that submits it. */
  readonly actor: string;
  /** The version that the stream of the event's subject must have; checked for single events only. */
  readonly ifMatch?: number | undefined;
  /** Whether whoever submits it still may: asked right before it is decided, which may be long after it was submitted. */
  readonly mayStill?: (() => boolean) | undefined;
  /** The party that whoever submits it speaks for, asked with it; undefined: for all. It may say what the party is entitled to say. */
  readonly speaksFor?: (() => string | undefined) | undefined;
  /** Whether whoever submits it may take back an event of this type that was submitted by this key; undefined: any. */
  readonly mayTakeBack?: ((event: Pick<LedgerEvent, 'type' | 'actor'>) => boolean) | undefined;
  /** It happened when the event did that it takes back: its own time says nothing. */
  readonly atItsTime?: boolean | undefined;
}

/** What is answered about an event that the ledger keeps. */
export interface Receipt {
  readonly ledger: string;
  readonly sequence: number;
  readonly id: string;
  /** RFC 3339, UTC. */
  readonly recordedtime: string;
}

/** What the journal answers about one submission. */
export type Outcome =
  | {
      readonly status: 'recorded';
      readonly receipt: Receipt;
      /** Of a dry run: the bytes that the ledger would keep. */
      readonly wouldKeep?: Buffer;
    }
  /** The ledger has an event of the same source, id and body already: the answer to that one again. */
  | { readonly status: 'replayed'; readonly receipt: Receipt }
  /** The ledger has an event of the same source and id with another body, at `sequence`. */
  | { readonly status: 'conflict'; readonly sequence: number }
  /** If-Match does not hold: the stream is at `version`. */
  | { readonly status: 'behind'; readonly version: number }
  | { readonly status: 'rejected'; readonly rejection: Rejection }
  /** Whoever submitted it may not do so any more; or speaks for a party that is not entitled to say it (`why`). */
  | { readonly status: 'forbidden'; readonly why?: NotEntitled };

/** What the journal answers about an atomic batch. */
export type AtomicOutcome =
  | {
      readonly status: 'recorded' | 'replayed';
      readonly receipts: readonly Receipt[];
      /** Of a dry run: the bytes that the ledger would keep, of each event. */
      readonly wouldKeep?: readonly Buffer[];
    }
  /** The first event that fails, by its index in the batch; none of the batch is kept. */
  | {
      readonly status: 'failed';
      readonly index: number;
      readonly outcome: Exclude<Outcome, { status: 'recorded' | 'replayed' }>;
    }
  /** The ledger has some of the events already, at `sequences`, the first of them at `index` in the batch. No other is kept. */
  | { readonly status: 'partly-there'; readonly index: number; readonly sequences: readonly number[] };

/** What became of opening a ledger; `different`: the ledger is open, with another name or another keeper. */
export type OpeningOutcome = 'opened' | 'same' | 'different';
