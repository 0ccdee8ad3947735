import { describe, expect, it } from 'vitest';
import { notAllowed } from '#scripts/dependencies/licences.mjs';
import { lockedPackages } from '#scripts/dependencies/lockedPackages.mjs';

const licensed = (license: string | undefined, tool = false) =>
  notAllowed([{ path: 'node_modules/crate', name: 'crate', version: '1.0.0', license, tool }]).length === 0;

describe('the licences of all packages', () => {
  it('are on the list of what may be shipped, or of what a tool may have', () => {
    expect(lockedPackages().length).toBeGreaterThan(500);
    expect(notAllowed(lockedPackages())).toEqual([]);
  });

  it.each([['MIT'], ['(MIT OR GPL-3.0-only)'], ['Apache-2.0 AND (GPL-2.0-only OR ISC)'], ['GPL-3.0-only OR 0BSD']])(
    'allow %s, which allowed licences can meet',
    (license) => {
      expect(licensed(license)).toBe(true);
    },
  );

  it.each([
    ...['GPL-3.0-only', 'AGPL-3.0-or-later', 'MIT AND GPL-3.0-only', 'MIT AND (GPL-2.0-only OR LGPL-3.0-only)'],
    ...['UNLICENSED', 'SEE LICENSE IN LICENSE.md', 'Apache-2.0 WITH LLVM-exception', '(MIT', 'MIT MIT', ''],
  ])('refuse «%s», which they cannot meet or which is no expression', (license) => {
    expect(licensed(license)).toBe(false);
  });

  it('refuse a package that does not say its licence', () => {
    expect(licensed(undefined)).toBe(false);
  });

  it('allow a tool, and not what is shipped, to be data that names its author', () => {
    expect([licensed('CC-BY-4.0', true), licensed('CC-BY-4.0')]).toEqual([true, false]);
  });
});
