import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { bundlePrograms } from './bundle.mjs';
import { buildDashboard, dashboardSources } from './dashboard.mjs';
import { dependenciesStamp } from './dependencies.mjs';
import { onlyOne } from './onlyOne.mjs';
import { projects } from './projects.mjs';
import { root } from './root.mjs';
import { saying } from './say.mjs';

const DIST = join(root, 'dist');
const STAMP = join(DIST, '.lading-stamp');
const NOT_BUILT = /[.]spec[.]ts$|^test\/setup\/.*[.]mjs$/;
/** What is compiled: the sources of every project of nest-cli.json, and the benches, which are under test. */
const folders = () => [...projects.map(({ sourceRoot }) => sourceRoot), 'test'];

/** The files of the build, sorted: everything in those folders but the tests themselves. */
function sources() {
  return folders()
    .flatMap((folder) => filesUnder(join(root, folder)))
    .map((path) => path.slice(root.length))
    .filter((path) => !NOT_BUILT.test(path))
    .sort();
}

/** @param {string} folder */
function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/**
 * Contents, not times: a checkout of another branch changes times and not always contents.
 * @param {string[]} paths
 */
function buildStamp(paths) {
  const hash = createHash('sha256').update(dependenciesStamp());
  for (const path of [
    '.swcrc',
    'scripts/ensure/build.mjs',
    'scripts/ensure/bundle.mjs',
    ...paths,
    ...dashboardSources(),
  ]) {
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

/**
 * Whether dist is the build of these sources. A file that is newer than the stamp was put there by another program, for example
 * by `nest start --watch`, and may be of other sources.
 * @param {string} stamp
 */
function built(stamp) {
  if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== stamp) return false;
  const { mtimeMs } = statSync(STAMP);
  return filesUnder(DIST).every((path) => statSync(path).mtimeMs <= mtimeMs);
}

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

  await Promise.all([compile(paths, fresh), buildDashboard(fresh, DIST)]);
  // What the code reads beside itself: JSON, SQL, HTML.
  for (const path of paths) if (!path.endsWith('.ts')) cpSync(join(root, path), join(fresh, path));
  await bundlePrograms(fresh);

  writeFileSync(join(fresh, '.lading-stamp'), stamp);
  if (existsSync(DIST)) renameSync(DIST, old);
  renameSync(fresh, DIST);
  rmSync(old, { recursive: true, force: true });
}

/**
 * @param {string[]} paths
 * @param {string} fresh
 */
async function compile(paths, fresh) {
  // Before the packages are there, nobody needs it.
  const { transformFile } = await import('@swc/core');
  await Promise.all(
    paths
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
      .map(async (path) => {
        const made = join(fresh, path.replace(/ts$/, 'js'));
        const { code, map } = await transformFile(join(root, path), {
          sourceFileName: relative(dirname(made), join(root, path)),
        });
        mkdirSync(dirname(made), { recursive: true });
        writeFileSync(made, `${code}\n//# sourceMappingURL=${basename(made)}.map`);
        if (map !== undefined) writeFileSync(`${made}.map`, map);
      }),
  );
}
