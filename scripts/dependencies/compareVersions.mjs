const VERSION = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

/**
 * Orders two versions as Semantic Versioning 2.0 does. npm's own package for that is not used here: what looks for advisories
 * must run before anything is installed.
 * @param {string} left
 * @param {string} right
 * @returns {number} negative when `left` is the older one, 0 when neither is
 * @throws {RangeError} when one of them is no version
 */
export function compareVersions(left, right) {
  const [one, other] = [parse(left), parse(right)];
  for (const [index, number] of one.numbers.entries()) {
    const difference = number - (other.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  // 1.0.0-beta is older than 1.0.0.
  if (one.prerelease.length === 0 || other.prerelease.length === 0) {
    return Math.sign(other.prerelease.length) - Math.sign(one.prerelease.length);
  }
  return comparePrereleases(one.prerelease, other.prerelease);
}

/** @param {string} version */
function parse(version) {
  const found = VERSION.exec(version);
  if (found === null) throw new RangeError(`${version} is not a version`);
  const [, major, minor, patch, prerelease] = found;
  return {
    numbers: [major, minor, patch].map((number) => Number(number ?? 0)),
    prerelease: prerelease?.split('.') ?? [],
  };
}

/**
 * @param {readonly string[]} left
 * @param {readonly string[]} right
 */
function comparePrereleases(left, right) {
  for (const [index, one] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const difference = compareIdentifiers(one, other);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/**
 * Numbers by value and before everything else, the rest by their characters.
 * @param {string} one
 * @param {string} other
 */
function compareIdentifiers(one, other) {
  const [oneIsNumber, otherIsNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)];
  if (oneIsNumber && otherIsNumber) return Number(one) - Number(other);
  if (oneIsNumber !== otherIsNumber) return oneIsNumber ? -1 : 1;
  return one === other ? 0 : one < other ? -1 : 1;
}
