import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dependenciesStamp } from './dependencies.mjs';
import { onlyOne } from './onlyOne.mjs';
import { root } from './root.mjs';
import { saying } from './say.mjs';

const DIST = join(root, 'dist');
const STAMP = join(DIST, '.lading-stamp');
const NOT_BUILT = /[.]spec[.]ts$|^apps\/dashboard\/|^test\/setup\/.*[.]mjs$/;

/** The sources of the build, sorted: everything under apps, libs and test but the tests themselves. */
function sources() {
  return ['apps', 'libs', 'test']
    .filter((top) => existsSync(join(root, top)))
    .flatMap((top) =>
      readdirSync(join(root, top), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length)),
    )
    .filter((path) => !NOT_BUILT.test(path))
    .sort();
}

/**
 * Contents, not times: a checkout of another branch changes times and not always contents.
 * @param {string[]} paths
 */
function buildStamp(paths) {
  const hash = createHash('sha256').update(dependenciesStamp());
  for (const path of ['.swcrc', 'scripts/ensure/build.mjs', ...paths]) {
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

const built = (/** @type {string} */ stamp) => existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp;

/**
 * Compiles the sources into dist, unless they have not changed. It is built beside and moved into place, so that a process
 * that is starting finds the old one or the new one.
 * @param {{force?: boolean}} [options]
 */
export async function ensureBuild({ force = false } = {}) {
  if (!force && built(buildStamp(sources()))) return;
  await onlyOne(async () => {
    const paths = sources();
    const stamp = buildStamp(paths);
    if (!force && built(stamp)) return;
    await saying('building', () => build(paths, stamp));
  });
}

/**
 * @param {string[]} paths
 * @param {string} stamp
 */
async function build(paths, stamp) {
  // As deep as dist: source maps name the sources by relative paths.
  const fresh = join(root, 'dist.new');
  const old = join(root, 'dist.old');
  rmSync(fresh, { recursive: true, force: true });
  rmSync(old, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });

  const tops = ['apps', 'libs', 'test'].filter((top) => paths.some((path) => path.startsWith(`${top}/`)));
  const swc = join(root, 'node_modules', '@swc', 'cli', 'bin', 'swc.js');
  const ignored = ['**/*.spec.ts', 'apps/dashboard/**'].flatMap((glob) => ['--ignore', glob]);
  await promisify(execFile)(process.execPath, [swc, ...tops, '-d', fresh, '-q', '--extensions', '.ts', ...ignored], {
    cwd: root,
  }).catch((/** @type {unknown} */ error) => {
    const { stdout, stderr } = /** @type {{stdout: string, stderr: string}} */ (error);
    throw new Error(`the build failed:\n${stdout}${stderr}`);
  });
  // What the code reads beside itself: JSON, SQL, HTML.
  for (const path of paths) if (!path.endsWith('.ts')) cpSync(join(root, path), join(fresh, path));

  writeFileSync(join(fresh, '.lading-stamp'), stamp);
  if (existsSync(DIST)) renameSync(DIST, old);
  renameSync(fresh, DIST);
  rmSync(old, { recursive: true, force: true });
}
