import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onlyOne } from './onlyOne.mjs';
import { root } from './root.mjs';
import { whoNeedsPackages } from './running.mjs';
import { say, saying } from './say.mjs';

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
const STAMP = join(root, 'node_modules', '.lading-stamp');

/** What node_modules depends on: not on scripts or a description, but on Node's binary interface and the machine. */
export function dependenciesStamp() {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  /** @type {Record<string, unknown>} */
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { dependencies, devDependencies, optionalDependencies, overrides, allowScripts } = manifest;
  const wanted = [dependencies, devDependencies, optionalDependencies, overrides, allowScripts];
  const machine = [process.versions.modules, process.platform, process.arch];
  return createHash('sha256')
    .update(JSON.stringify([wanted, lock, machine]))
    .digest('hex');
}

const installed = () => existsSync(STAMP) && readFileSync(STAMP, 'utf8') === dependenciesStamp();

/**
 * Installs what the lock file names, unless it is there. The stamp is written last: an interrupted install is done again. What
 * runs from this checkout would lose its packages meanwhile, so nothing is installed beneath it.
 * @param {{client?: boolean}} [options] a client only talks to what runs, and can do that with the packages of before
 * @returns {Promise<boolean>} whether the packages are those of the lock file
 */
export async function ensureDependencies({ client = false } = {}) {
  if (installed()) return true;
  return onlyOne(async (handOver) => {
    if (installed()) return true;
    const runs = whoNeedsPackages();
    if (runs !== undefined && !client)
      throw new Error(
        `package-lock.json has changed, and process ${runs} runs from this checkout with the packages of before: stop it, then try again.`,
      );
    if (runs !== undefined) {
      say(
        `package-lock.json has changed. Process ${runs} runs from this checkout with the packages of before, and so does this command: stop it and start it again to use the new ones.`,
      );
      return false;
    }
    const packages = packagePaths();
    const there = () => packages.filter((path) => existsSync(join(root, path, 'package.json'))).length;
    await saying(
      `installing ${packages.length} packages`,
      () => npmCi(handOver),
      () => `${there()} of ${packages.length}`,
    );
    stampDependencies();
    return true;
  });
}

/** Says that node_modules is what the lock file names. */
function stampDependencies() {
  writeFileSync(STAMP, dependenciesStamp());
}

/** Those of the lock file that this machine gets. */
function packagePaths() {
  /** @type {{packages: Record<string, {optional?: boolean, devOptional?: boolean}>}} */
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages).flatMap(([path, { optional }]) => (path === '' || optional ? [] : [path]));
}

/** @param {(pid: number) => void} handOver */
async function npmCi(handOver) {
  // The same npm that runs this script, where one does.
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const child = spawn(command, [...first, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) handOver(child.pid);
  const stop = (/** @type {NodeJS.Signals} */ signal) => {
    child.kill(signal);
    process.exit(130);
  };
  for (const signal of SIGNALS) process.once(signal, stop);
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  /** @type {number | null} */
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  for (const signal of SIGNALS) process.off(signal, stop);
  if (code !== 0) throw new Error(`npm ci failed:\n${output.trim()}`);
}
