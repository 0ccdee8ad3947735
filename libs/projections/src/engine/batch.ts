import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Move } from '#contracts/move';
import type { Account } from '#ledger/account';

/** An account as the batch leaves it. */
export interface AccountState {
  readonly id: number;
  readonly account: Account;
  quantity: number;
  /** The newest occurrence on it, in microseconds since 1970. */
  newest: number;
}

/** A line as the batch leaves it. */
export interface LineState {
  readonly order: string;
  readonly line: string;
  readonly n: number;
  readonly item: string;
  quantity: number;
  from: string;
  to: string;
}

/** An order with all accounts that its lines ever had. */
export interface OrderState {
  readonly order: string;
  readonly buyer: string;
  readonly supplier: string;
  /** In microseconds since 1970. */
  readonly placed: number;
  /** The sequence of its placing. */
  readonly sequence: number;
  readonly lines: Map<string, LineState>;
  /** By `placeKey`. */
  readonly accounts: Map<string, AccountState>;
  /** Who ever had units of which line in a party's stage, by `ownedKey`. */
  readonly owned: Set<string>;
}

export const ownedKey = (line: string, owner: string): string => `${line}|${owner}`;

/** A move with its event and the accounts it goes between. */
export interface BookedMove {
  readonly event: LedgerEvent;
  readonly move: Move;
  readonly from: AccountState;
  readonly to: AccountState;
}

export interface Posting {
  readonly sequence: number;
  readonly n: number;
  readonly account: AccountState;
  readonly quantity: number;
  /** Of the account, after it. */
  readonly balance: number;
  /** In microseconds since 1970. */
  readonly occurred: number;
  /** It occurred before an earlier posting of its account. */
  readonly late: boolean;
}

/** Events of one ledger that follow each other, with what they do to accounts and order lines already worked out. */
export interface Batch {
  readonly ledger: string;
  readonly events: readonly LedgerEvent[];
  readonly moves: readonly BookedMove[];
  readonly postings: readonly Posting[];
  /** Accounts that are new, in the order of their numbers. */
  readonly opened: readonly AccountState[];
  /** Accounts that were there and changed. */
  readonly changed: ReadonlySet<AccountState>;
  readonly placed: readonly OrderState[];
  readonly openedLines: readonly LineState[];
  readonly changedLines: ReadonlySet<LineState>;
  /** Whether an item is tracked by serial number. */
  isSerial(item: string): boolean;
  /** Whether an account is new. */
  isOpened(account: AccountState): boolean;
  /** Whether a party has units of an account's line for the first time. */
  isFirstOwned(account: AccountState): boolean;
  /** Every order that an event of the batch moves units of, or changes. */
  readonly orders: ReadonlyMap<string, OrderState>;
}
