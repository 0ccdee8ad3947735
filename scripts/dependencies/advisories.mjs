import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { lockedPackages } from './lockedPackages.mjs';
import { findings, isNpmRecord } from './osv.mjs';
import { askOsv } from './askOsv.mjs';

/** @typedef {import('./osv.mjs').Finding} Finding */
/** @typedef {import('./osv.mjs').OsvRecord} OsvRecord */
/** @typedef {import('./lockedPackages.mjs').LockedPackage} LockedPackage */

const USAGE = `Nothing was checked. Say what to check the lock file against:
  npm run advisories -- FILE    advisories in the OSV format: a JSON file of one or several, or a folder of such files
                                (OSV's export for npm, unpacked; or a checkout of GitHub's advisory database)
  npm run advisories -- --osv   asks api.osv.dev; the names and versions of all locked packages are sent there
`;
const AT_A_TIME = 1_000;
const PATIENCE_MS = 30_000;

/** Nothing was checked, for a reason that the message says. */
class NotChecked extends Error {}

/**
 * Checks the locked packages against advisories.
 * @param {readonly string[]} args of the command line
 * @param {(text: string) => void} print
 * @param {string} [lockFile]
 * @returns {Promise<0 | 1 | 2>} 0 when no advisory is about a locked package, 1 when some are, 2 when nothing was checked
 */
export async function advisories(args, print, lockFile) {
  const [source, ...more] = args;
  if (source === undefined || more.length > 0 || (source.startsWith('-') && !/^--osv(=|$)/.test(source))) {
    print(USAGE);
    return 2;
  }
  try {
    const locked = lockedPackages(lockFile);
    if (locked.length === 0) throw new NotChecked('the lock file names no package');
    const { found, against } = source.startsWith('--osv') ? await asked(source, locked) : inFiles(source, locked);
    report(found, locked, against, print);
    return found.length > 0 ? 1 : 0;
  } catch (error) {
    print(`Nothing was checked: ${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
}

/**
 * @param {string} option `--osv`, or `--osv=` and the address of another service with the same interface
 * @param {readonly LockedPackage[]} locked
 */
async function asked(option, locked) {
  const base = option.slice('--osv='.length) || 'https://api.osv.dev';
  return { found: await askOsv(base, locked, { atATime: AT_A_TIME, patienceMs: PATIENCE_MS }), against: base };
}

/**
 * @param {string} path
 * @param {readonly LockedPackage[]} locked
 */
function inFiles(path, locked) {
  let [count, latest] = [0, ''];
  /** @type {Finding[]} */
  const found = [];
  for (const file of jsonFiles(path)) {
    for (const record of recordsIn(file)) {
      count += 1;
      if (record.modified !== undefined && record.modified > latest) latest = record.modified;
      found.push(...findings(record, locked));
    }
  }
  if (count === 0) throw new NotChecked(`${path} has no advisory about a package of npm`);
  return { found, against: `${count} advisories in ${path}, the newest of ${latest.slice(0, 10) || 'an unknown day'}` };
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function jsonFiles(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new NotChecked(`there is no ${path}`);
  if (!stats.isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/**
 * @param {string} file
 * @returns {OsvRecord[]}
 */
function recordsIn(file) {
  /** @type {unknown} */
  let content;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new NotChecked(`${file} is not JSON (an export in a ZIP file has to be unpacked first)`);
  }
  const { vulns } = /** @type {{vulns?: unknown}} */ (content ?? {});
  /** @type {unknown[]} */
  const all = Array.isArray(content) ? content : Array.isArray(vulns) ? vulns : [content];
  return all.filter(isNpmRecord);
}

/**
 * @param {readonly Finding[]} found
 * @param {readonly LockedPackage[]} locked
 * @param {string} against
 * @param {(text: string) => void} print
 */
function report(found, locked, against, print) {
  for (const { locked: one, record } of found) {
    const severity = record.database_specific?.severity ?? record.severity?.[0]?.score ?? 'severity unknown';
    print(`${one.name} ${one.version}${one.tool ? ' (a tool, not shipped)' : ''}: ${record.id}, ${severity}\n`);
    print(`  ${record.summary ?? 'no summary'}\n  ${one.path}\n`);
  }
  const affected = new Set(found.map(({ locked: { path } }) => path)).size;
  const result = found.length === 0 ? 'no advisory' : `${found.length} advisories about ${affected} packages`;
  print(`${locked.length} locked packages were checked against ${against}: ${result}\n`);
}
