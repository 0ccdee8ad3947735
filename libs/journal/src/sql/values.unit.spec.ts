import { describe, expect, it } from '@jest/globals';
import { occurredFor } from './values.ts';

describe('occurredFor', () => {
  it.each([
    ['2023-12-31T10:00:00Z', '2023-12-31T10:00:00Z'],
    ['2023-12-31T10:00:00.123456789Z', '2023-12-31T10:00:00.123456789Z'],
    ['2023-12-31T23:30:00.25-01:00', '2024-01-01T00:30:00.25Z'],
    ['2024-01-01T00:00:00+23:59', '2023-12-31T00:01:00Z'],
    ['0000-03-01T00:00:00Z', '0001-03-01T00:00:00Z BC'],
    ['0001-01-01T00:30:00+01:00', '0001-12-31T23:30:00Z BC'],
    ['0000-01-01T00:30:00.5+01:00', '0002-12-31T23:30:00.5Z BC'],
    ['9999-12-31T23:59:59-01:00', '10000-01-01T00:59:59Z'],
  ])('the time %s is written as PostgreSQL reads it: %s', (time, written) => {
    expect(occurredFor(time)).toBe(written);
  });
});
