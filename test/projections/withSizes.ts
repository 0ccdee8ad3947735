import { afterAll, beforeAll } from 'vitest';
import { SIZES } from '#projections/postings/model';

/** For all tests of this describe: small sizes, so that a few postings are several stretches, and a few late ones blocks of every size. */
export function withSizes(sizes: Partial<typeof SIZES>): void {
  const usual = { ...SIZES };
  beforeAll(() => void Object.assign(SIZES, sizes));
  // The test files of a worker share its modules.
  afterAll(() => void Object.assign(SIZES, usual));
}
