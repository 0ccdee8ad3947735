import pg from 'pg';
import type { ProblemCode } from '#contracts/problem';

/** What keeps PostgreSQL from serving anybody, whoever asks and whatever is asked. It passes, by itself or when somebody helps. */
export interface Trouble {
  readonly kind: Kind;
  /** Of the problem document that answers it. */
  readonly code: Extract<ProblemCode, 'unavailable' | 'disk-full'>;
  /** For the answer: what is wrong, without a full stop. It names no host, file or user. */
  readonly detail: string;
  /** Seconds until it is of use to try again, at the least: nobody makes room on a disk within one. */
  readonly retryAfter: number;
}

type Kind = keyof typeof KINDS;

const KINDS = {
  away: 'the database does not answer',
  stopping: 'the database is being stopped',
  starting: 'the database is starting, or recovering from a crash',
  refusing:
    'the database does not let this service in: its address, user and password, and its own settings, are to be checked',
  'all-connections-taken':
    'the database has no connection left: its max_connections is too low, or somebody holds too many',
  'disk-full': 'the disk of the database is full: make room, and it goes on by itself',
  'out-of-memory': 'the database has run out of memory or of another resource',
  'file-error': 'the database cannot read or write its files: its log says which',
  'read-only': 'the database takes no writes at the moment: it is a standby, or was set to be read only',
  conflict: 'others are changing the same at the same time',
  'too-slow': 'the database took too long',
} as const;

/** SQLSTATEs, as whole codes or as classes, and what they mean here: the first that fits. docs/decisions/027 has this table, too. */
const SQLSTATES: readonly (readonly [code: RegExp, kind: Kind])[] = [
  [/^57P01$/, 'stopping'],
  [/^57P0[23]$/, 'starting'],
  // 25P03, 57P05: the session was ended because it was idle, which a process that was frozen finds when it goes on
  [/^(08...|57P05|25P03)$/, 'away'],
  [/^53300$/, 'all-connections-taken'],
  [/^53100$/, 'disk-full'],
  [/^53...$/, 'out-of-memory'],
  [/^58...$/, 'file-error'],
  [/^25006$/, 'read-only'],
  // 55000: ALLOW_CONNECTIONS is off; 57P04: the database was dropped
  [/^(28...|3D000|55000|57P04)$/, 'refusing'],
  [/^40...$/, 'conflict'],
  // 55P03: a lock was not to be had; 57014: a statement's time was over; 25P04: a transaction's
  [/^(55P03|57014|25P04)$/, 'too-slow'],
];

/** The codes of the operating system for a connection that cannot be made or that broke. */
const CONNECTION =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|ENOTFOUND|EAI_AGAIN|EMFILE|ENFILE)$/;

/** Messages of pg itself, which have no code. */
const MESSAGE =
  /^(timeout exceeded when trying to connect|timeout expired|Connection terminated|Query read timeout|Client (has encountered a connection error|was closed)|Cannot use a pool after calling end|The server does not support SSL)/;

/** PostgreSQL answers it with several codes, 53100 for data and others for its own files; the words are the operating system's. */
const NO_SPACE = /No space left on device|Disk quota exceeded/;

/** The trouble that an error comes from; undefined: a mistake of the statement, or of this code, or no error of a database. */
export function troubleOf(error: unknown): Trouble | undefined {
  const kind = kindOf(error);
  if (kind === undefined) return undefined;
  const lasts = kind === 'disk-full';
  return { kind, code: lasts ? kind : 'unavailable', detail: KINDS[kind], retryAfter: lasts ? 10 : 1 };
}

/** Node's error for a client that hangs up while its request is coming. Nobody reads the answer; it is no fault of Lading or of a database. */
export const isHangUp = (error: unknown): boolean => error instanceof Error && error.message === 'aborted';

/** Whether the server said nothing at all: the connection is broken, or of no use until it does. */
export const isUnanswered = (error: unknown): boolean =>
  !(error instanceof pg.DatabaseError) && kindOf(error) !== undefined;

function kindOf(error: unknown): Kind | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof AggregateError) return error.errors.map(kindOf).find((kind) => kind !== undefined);
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return MESSAGE.test(error.message) ? 'away' : undefined;
  if (isHangUp(error)) return undefined;
  if (CONNECTION.test(code)) return 'away';
  const kind = SQLSTATES.find(([sqlstate]) => sqlstate.test(code))?.[1];
  return (kind === 'file-error' || /^(XX|53)/.test(code)) && NO_SPACE.test(error.message) ? 'disk-full' : kind;
}
