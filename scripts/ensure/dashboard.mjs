import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dependenciesStamp } from './dependencies.mjs';
import { root } from './root.mjs';

/** What the page is made of: its own files, the libraries that a browser can read, and the events of the memo. */
const FOLDERS = [
  ...['apps/dashboard', 'libs/contracts/src', 'libs/proofs/src', 'libs/evidence/src'],
  'apps/cli/src/scenarios/memo',
];
const NOT_IN_IT = /[.]spec[.]ts$|[.]md$/;
const PAGE = join('apps', 'dashboard', 'page');

/** The files of the page, sorted, from the root of the checkout. */
export function dashboardSources() {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length)),
  )
    .filter((path) => !NOT_IN_IT.test(path))
    .sort();
}

/**
 * Puts the page of the dashboard into a build. It is taken from the build before, if that is of the same sources: a change of a service
 * does not need another page.
 * @param {string} dist the build that is being made
 * @param {string} before the one that there may be
 */
export async function buildDashboard(dist, before) {
  const stamp = stampOf(dashboardSources());
  const [page, kept] = [join(dist, PAGE), join(before, PAGE)];
  const mark = join('apps', 'dashboard', '.lading-stamp');
  mkdirSync(page, { recursive: true });
  const isKept = existsSync(join(before, mark)) && readFileSync(join(before, mark), 'utf8') === stamp;
  if (isKept && existsSync(kept)) cpSync(kept, page, { recursive: true });
  else await vite(page);
  writeFileSync(join(dist, mark), stamp);
}

/** @param {string} page */
async function vite(page) {
  const program = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = ['build', join(root, 'apps/dashboard'), '--outDir', page, '--logLevel', 'error'];
  await promisify(execFile)(process.execPath, [program, ...args], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production' },
  }).catch((/** @type {unknown} */ error) => {
    const { stdout, stderr } = /** @type {{stdout: string, stderr: string}} */ (error);
    throw new Error(`the build of the dashboard failed:\n${stdout}${stderr}`);
  });
}

/** @param {string[]} paths */
function stampOf(paths) {
  const hash = createHash('sha256').update(dependenciesStamp());
  for (const path of ['scripts/ensure/dashboard.mjs', ...paths]) {
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}
