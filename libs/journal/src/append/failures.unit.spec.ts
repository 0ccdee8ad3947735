import { describe, expect, it } from 'vitest';
import pg from 'pg';
import { failureOf } from './failures.ts';

const database = (code: string) => Object.assign(new pg.DatabaseError('failed', 0, 'error'), { code });
const system = (code: string) => Object.assign(new Error(code), { code, syscall: 'connect' });

describe('a failed append', () => {
  it.each([
    ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND'].map(system),
    new Error('Connection terminated unexpectedly'),
    new Error('Client has encountered a connection error and is not queryable'),
    new Error('timeout exceeded when trying to connect'),
    new Error('Query read timeout'),
    // shut down, starting up, too many connections, out of memory, lock timeout, frozen in a transaction, deadlock, not serialisable,
    // read only, not let in
    ...['57P01', '57P02', '57P03', '53300', '53200', '55P03', '25P03', '40P01', '40001', '25006', '28P01', '3D000'].map(
      database,
    ),
  ])('an append is tried again when the database or the connection to it is at fault: %s', (error) => {
    expect(failureOf(error)).toBe('transient');
  });

  it.each([
    database('53100'),
    Object.assign(new pg.DatabaseError('could not write to file: No space left on device', 0, 'error'), {
      code: '58030',
    }),
  ])('an append is answered at once when the disk is full: %s', (error) => {
    expect(failureOf(error)).toBe('lasting');
  });

  it.each(['57014', '25P04'].map(database))('an append is divided when it took too long: %s', (error) => {
    expect(failureOf(error)).toBe('too-slow');
  });

  it.each([
    // no UTF-8, no such table, a broken constraint, damaged data
    ...['22021', '42P01', '23514', 'XX001'].map(database),
    new TypeError('Cannot read properties of undefined'),
    new SyntaxError('Unterminated string in JSON'),
    Object.assign(new TypeError('The "data" argument must be'), { code: 'ERR_INVALID_ARG_TYPE' }),
    'a string',
  ])('an append is not tried again when the same would fail again: %s', (error) => {
    expect(failureOf(error)).toBe('permanent');
  });
});
