import type { LedgerEvent } from '#contracts/cloudEvent';
import type { StoryEvent } from './stories.ts';

/** What a contestant promises, one short sentence for each question. The questions are the same for all of them. */
export interface Guarantees {
  readonly order: string;
  /** What becomes of an event that is sent twice. */
  readonly twice: string;
  /** Who decides that an event may be kept, and when. */
  readonly decided: string;
  /** What shows that an event was changed later on. */
  readonly changed: string;
  /** Whether somebody who reads events as they are appended can miss one. */
  readonly readers: string;
  /** How it appends here. */
  readonly appends: string;
  /** What its rebuild makes here. */
  readonly rebuilds: string;
}

/** One that is measured, started on a database or a folder of its own. */
export interface Contestant {
  /** Resolves when the event is on disk. @throws when it is refused */
  append(event: StoryEvent): Promise<void>;
  /** Puts events there for `rebuild`. It is not measured, and nothing of it waits for the disk where that can be had. */
  seed(events: readonly LedgerEvent[]): Promise<void>;
  /** Builds what answers questions, from nothing, from all events that were seeded. */
  rebuild(): Promise<void>;
  /** Adds the small table of the peers up in memory, from all events, and writes it once; where that is not what `rebuild` does. */
  addUp?(): Promise<void>;
  /** @throws when what was built is not what the events say */
  check(): Promise<void>;
  /** How many of the events that were appended its own reader brings, from the first one on. */
  readBack(): Promise<number>;
  close(): Promise<void>;
}

/** Where one may keep its data. */
export interface Place {
  /** Of an empty PostgreSQL database. */
  readonly url: string;
  /** For files, beside those of PostgreSQL. */
  readonly folder: string;
}

export interface Entrant {
  readonly name: string;
  readonly guarantees: Guarantees;
  start(place: Place): Promise<Contestant>;
}
