/** @typedef {import('./lockedPackages.mjs').LockedPackage} LockedPackage */

/** What may be shipped with Lading: licences that ask for a notice at most. */
const SHIPPED = new Set([
  ...['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'CC0-1.0', 'ISC', 'MIT', 'MIT-0'],
  ...['PostgreSQL', 'Python-2.0', 'Unlicense', 'Zlib'],
  // Typefaces, as files that are not changed: it asks that its text stays with them.
  'OFL-1.1',
]);
/**
 * What tools may have in addition: the one for caniuse-lite, which is data, and the one of lightningcss and axe-core, which asks for the source of
 * what is changed in them. Nothing is.
 */
const TOOLS = new Set([...SHIPPED, 'CC-BY-4.0', 'MPL-2.0']);

/**
 * Those whose licence is not allowed, or not said.
 * @param {readonly LockedPackage[]} packages
 */
export const notAllowed = (packages) =>
  packages.filter(({ license, tool }) => license === undefined || !allows(tool ? TOOLS : SHIPPED, license));

/**
 * Whether an SPDX expression can be met with these licences alone: `(MIT OR GPL-3.0)` can with MIT. `WITH` is not known, and so
 * not allowed.
 * @param {ReadonlySet<string>} allowed
 * @param {string} expression
 * @returns {boolean}
 */
function allows(allowed, expression) {
  const tokens = expression.replaceAll(/[()]/g, ' $& ').trim().split(/\s+/);
  let next = 0;
  /** @returns {boolean} */
  const either = () => {
    let result = both();
    while (tokens[next] === 'OR') {
      next += 1;
      // Both sides are read, whatever the first one says.
      const other = both();
      result = result || other;
    }
    return result;
  };
  /** @returns {boolean} */
  const both = () => {
    let result = one();
    while (tokens[next] === 'AND') {
      next += 1;
      const other = one();
      result = result && other;
    }
    return result;
  };
  /** @returns {boolean} */
  const one = () => {
    const token = tokens[next++] ?? '';
    if (token !== '(') return allowed.has(token);
    const result = either();
    return tokens[next++] === ')' && result;
  };
  return either() && next === tokens.length;
}
