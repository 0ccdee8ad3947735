import type { Refusal } from '#platform/http/problemError';
import type { StreamLine } from '../streaming/lines.ts';

/** An event as a body holds it: nothing of it is checked yet. */
export interface SentEvent {
  /** What should be a CloudEvent. */
  readonly value: unknown;
  /** What was sent, where `value` was completed with more than that: it decides whether two bodies are the same. */
  readonly identity?: unknown;
}

/**
 * How events are written in a body that is read whole. One file is one format: its media type, how a body becomes events, and
 * where in the body a place in an event stands.
 */
interface DocumentFormat {
  readonly mediaType: string;
  /** Bytes of a body at most. */
  readonly bodyLimit: number;
  /** A refusal of the event at `index`, with pointers into the body instead of the event. */
  inBody(refusal: Refusal, index: number): Refusal;
}

/** A body is one event, which is answered by itself. */
export interface OneEventFormat<Body = Buffer> extends DocumentFormat {
  readonly holds: 'one';
  /** @throws ProblemError 400 when the body is not in this format */
  parse(body: Body): SentEvent;
}

/** The events of a body, in its order. Each is read when it is asked for: all of them at once can take thirty times their bytes. */
interface SentEvents {
  readonly count: number;
  /** What stands at `index`: an event, or why none is read from there. */
  at(index: number): SentEvent | Refusal;
}

/** A body is any number of events, each with a result. */
export interface ManyEventsFormat extends DocumentFormat {
  readonly holds: 'many';
  /** @throws ProblemError 400 when the body is not in this format, 413 when it has more than `limit` events */
  parse(body: Buffer, limit: number): Promise<SentEvents>;
}

/** How events are written in a stream of lines: each line is one event, and is answered with a line. */
export interface StreamFormat {
  readonly mediaType: string;
  readonly holds: 'stream';
  parse(line: StreamLine): { readonly ok: true; readonly value: unknown } | ({ readonly ok: false } & Refusal);
}

export type Format = OneEventFormat | ManyEventsFormat | StreamFormat;
