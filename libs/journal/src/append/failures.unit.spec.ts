import { describe, expect, it } from '@jest/globals';
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
    // shut down, starting up, too many connections, lock timeout, frozen in a transaction, deadlock, disk full
    ...['57P01', '57P03', '53300', '55P03', '25P03', '40P01', '53100'].map(database),
  ])('an append is tried again when the database or the connection to it is at fault: %s', (error) => {
    expect(failureOf(error)).toBe('transient');
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
