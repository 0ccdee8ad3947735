import { compareVersions } from './compareVersions.mjs';

/** @typedef {import('./lockedPackages.mjs').LockedPackage} LockedPackage */
/** @typedef {{introduced?: string, fixed?: string, last_affected?: string, limit?: string}} RangeEvent */
/** @typedef {{package?: {ecosystem?: string, name?: string}, ranges?: {type?: string, events?: RangeEvent[]}[], versions?: string[]}} Affected */

/**
 * An advisory in the format of the Open Source Vulnerabilities schema, which GitHub's advisory database has, too.
 * @typedef {object} OsvRecord
 * @property {string} id
 * @property {string} [summary]
 * @property {string} [modified]
 * @property {string} [withdrawn] when it was taken back: it is no advisory any more
 * @property {Affected[]} [affected]
 * @property {{type?: string, score?: string}[]} [severity]
 * @property {{severity?: string}} [database_specific]
 */

/** @typedef {{locked: LockedPackage, record: OsvRecord}} Finding */

/**
 * Whether an object is an advisory about packages of npm.
 * @param {unknown} value
 * @returns {value is OsvRecord}
 */
export function isNpmRecord(value) {
  const { id, affected } = /** @type {Partial<OsvRecord>} */ (value ?? {});
  return typeof id === 'string' && Array.isArray(affected) && affected.some(isNpm);
}

/** @param {Affected} affected */
const isNpm = (affected) => affected.package?.ecosystem === 'npm';

/**
 * Which locked packages an advisory is about. A version that cannot be compared counts as affected: a person has to look.
 * @param {OsvRecord} record
 * @param {readonly LockedPackage[]} locked
 * @returns {Finding[]}
 */
export function findings(record, locked) {
  if (record.withdrawn !== undefined) return [];
  return locked
    .filter(({ name, version }) =>
      record.affected?.some((one) => isNpm(one) && one.package?.name === name && isAffected(one, version)),
    )
    .map((one) => ({ locked: one, record }));
}

/**
 * @param {Affected} affected
 * @param {string} version
 */
function isAffected({ ranges = [], versions = [] }, version) {
  if (ranges.length === 0 && versions.length === 0) return true;
  return versions.includes(version) || ranges.some(({ events = [] }) => isInRange(events, version));
}

/**
 * The evaluation that the OSV schema describes: the last event that is not newer than the version decides.
 * @param {readonly RangeEvent[]} events
 * @param {string} version
 */
function isInRange(events, version) {
  try {
    const limits = events.flatMap(({ limit }) => (limit === undefined || limit === '*' ? [] : [limit]));
    if (limits.length > 0 && limits.every((limit) => compareVersions(version, limit) >= 0)) return false;
    let inside = false;
    for (const { introduced, fixed, last_affected: last } of events.toSorted(byVersion)) {
      if (introduced !== undefined && (introduced === '0' || compareVersions(version, introduced) >= 0)) inside = true;
      if (fixed !== undefined && compareVersions(version, fixed) >= 0) inside = false;
      if (last !== undefined && compareVersions(version, last) > 0) inside = false;
    }
    return inside;
  } catch (error) {
    if (error instanceof RangeError) return true;
    throw error;
  }
}

/**
 * @param {RangeEvent} one
 * @param {RangeEvent} other
 */
function byVersion(one, other) {
  const [left, right] = [one, other].map(
    ({ introduced, fixed, last_affected: last }) => introduced ?? fixed ?? last ?? '0',
  );
  return left === right ? 0 : left === '0' ? -1 : right === '0' ? 1 : compareVersions(String(left), String(right));
}
