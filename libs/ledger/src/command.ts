import type { EventType, Submitted } from '#contracts/catalog';
import type { Decision } from './decision.ts';
import type { View } from './view.ts';

/** What a submitter wants recorded: its type, its data (checked against the contract), when it happened (RFC 3339). */
export type Command<T extends EventType = EventType> = {
  [K in T]: { readonly type: K; readonly data: Submitted<K>; readonly time: string };
}[T];

/**
 * Decides about one type of event: the completed data, or why not. Pure; never throws for data that its schema takes.
 * `now` is the recorded time: what expires is judged by it.
 */
export type Rule<T extends EventType> = (data: Submitted<T>, view: View, now: Date) => Decision<T>;
