import type { EventType, Submitted } from '#contracts/catalog';
import type { Decision } from './decision.ts';
import type { FoundLine } from './order/line.ts';
import type { View } from './view.ts';

/** What a submitter wants recorded: its source and type, its data (checked against the contract), when it happened (RFC 3339). */
export type Command<T extends EventType = EventType> = {
  [K in T]: {
    readonly source: string;
    readonly type: K;
    readonly data: Submitted<K>;
    readonly time: string;
    /** The atomic batch that it is in. */
    readonly beside?: Beside | undefined;
  };
}[T];

/** What else is in a command's atomic batch. */
export interface Beside {
  readonly has: (event: { readonly source: string; readonly id: string }) => boolean;
  /** The sequences of what it takes back, with those before and after it that take something back, too, in their order: as one list for all of these. */
  readonly takenBack: readonly number[];
}

/** What a rule may look at, beside the data. */
interface Situation {
  readonly view: View;
  /** The recorded time that the event would get: what expires is judged by it. */
  readonly now: Date;
  /** When it happened (RFC 3339): what sets a value is judged by it. */
  readonly time: string;
  readonly beside: Beside | undefined;
  /** The order lines that the data names, in its order. */
  readonly lines: readonly FoundLine[];
}

/**
 * Decides about one type of event: the completed data, or why not. It is asked only when everything that the data names
 * was found (`findNamed`). Pure; never throws for data that its schema takes.
 */
export type Rule<T extends EventType> = (data: Submitted<T>, situation: Situation) => Decision<T>;
