import { describe, expect, it } from 'vitest';
import pg from 'pg';
import { toProblem } from '../http/problem.filter.ts';
import { isUnanswered, troubleOf } from './trouble.ts';

const database = (code: string, message = 'failed') =>
  Object.assign(new pg.DatabaseError(message, 0, 'error'), { code });

describe('an error of the database', () => {
  it.each([
    ['08006', 'away'],
    ['57P05', 'away'],
    ['25P03', 'away'],
    ['57P01', 'stopping'],
    ['57P02', 'starting'],
    ['57P03', 'starting'],
    ['28P01', 'refusing'],
    ['28000', 'refusing'],
    ['3D000', 'refusing'],
    ['55000', 'refusing'],
    ['57P04', 'refusing'],
    ['53300', 'all-connections-taken'],
    ['53100', 'disk-full'],
    ['53200', 'out-of-memory'],
    ['53400', 'out-of-memory'],
    ['58030', 'file-error'],
    ['58P01', 'file-error'],
    ['25006', 'read-only'],
    ['40001', 'conflict'],
    ['40P01', 'conflict'],
    ['55P03', 'too-slow'],
    ['57014', 'too-slow'],
    ['25P04', 'too-slow'],
  ])('%s counts as %s, whatever the message says', (code, kind) => {
    expect(troubleOf(database(code))?.kind).toBe(kind);
    expect(isUnanswered(database(code))).toBe(false);
  });

  it.each([
    ['58030', 'could not write to file "pg_wal/xlogtemp.1": No space left on device'],
    ['53000', 'could not extend file: Disk quota exceeded'],
    ['XX000', 'could not write block 7: No space left on device'],
  ])('a disk that is full is known by its words, too: %s %s', (code, message) => {
    expect(troubleOf(database(code, message))).toMatchObject({ kind: 'disk-full', code: 'disk-full', retryAfter: 10 });
  });

  it.each(['22021', '23505', '42P01', '42501', '25P02', 'XX000', 'XX001', '0A000', 'P0001'])(
    '%s is no trouble of the database, but a fault of the statement, or of this code',
    (code) => {
      expect(troubleOf(database(code))).toBeUndefined();
    },
  );

  it.each([
    ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'].map((code) =>
      Object.assign(new Error(code), { code }),
    ),
    new AggregateError([Object.assign(new Error('::1'), { code: 'ECONNREFUSED' })]),
    new Error('Connection terminated unexpectedly'),
    new Error('Connection terminated due to connection timeout'),
    new Error('timeout exceeded when trying to connect'),
    new Error('Query read timeout'),
    new Error('Client was closed and is not queryable'),
  ])('a connection that cannot be made, breaks or falls silent counts as away: %s', (error) => {
    expect(troubleOf(error)?.kind).toBe('away');
    expect(isUnanswered(error)).toBe(true);
  });

  it.each([
    new TypeError('x is undefined'),
    new Error('some other'),
    Object.assign(new Error('x'), { code: 'ENOENT' }),
    'text',
    undefined,
  ])('anything else is none: %s', (error) => {
    expect(troubleOf(error)).toBeUndefined();
  });
});

describe('a client that hangs up while its request is coming', () => {
  it('is no trouble of the database, and no fault of Lading', () => {
    const hangUp = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    expect(troubleOf(hangUp)).toBeUndefined();
    expect(toProblem(hangUp)).toMatchObject({ status: 400, code: 'malformed' });
  });
});
