import type { Place } from '#contracts/move';
import type { Serials } from '#contracts/serials';
import type { FoundLine } from '../order/line.ts';

/** Units that one line or leg of an event takes from one account and puts on another. At least one unit. */
export interface Draw {
  readonly line: FoundLine;
  readonly from: Place;
  readonly to: Place;
  readonly quantity: number;
  readonly serials?: Serials | undefined;
  /**
   * Moves that bring units back for this draw; they are booked before it. Undefined when it may bring nothing back: then its serial
   * numbers are on its account, or nowhere.
   */
  readonly origins?: readonly Draw[];
  /** Whether its owner could have kept the units: then those that are held for others stay. */
  readonly takesAway?: true;
  /** Whether it is such a move: the units are named a second time by the draw that it is for. */
  readonly isOrigin?: true;
}

/** What an event does to one account, against its balance before the event. */
export interface Tally {
  /** The account's key. */
  readonly key: string;
  readonly line: FoundLine;
  readonly place: Place;
  readonly balance: number;
  out: number;
  into: number;
  /** What leaves the account. */
  readonly draws: Draw[];
}
