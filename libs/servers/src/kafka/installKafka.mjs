import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const POM = fileURLToPath(new URL('./pom.xml', import.meta.url));
// Of the checkout: a broker is only ever started from its sources, by the tests, the benches and the stack.
const CACHE = fileURLToPath(new URL('../../../../.cache/kafka/', import.meta.url));
const SAY_EVERY_MS = 2_000;

/** Each version of the pom has a folder of its own, so that jars of two versions are never mixed. */
const lib = () => join(CACHE, `lib-${createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12)}`);

export const jarsAreThere = () => existsSync(lib());

/**
 * Fetches the jars of Kafka (43 MB) with Maven. A second call finds them. Two calls at once fetch a copy each, and the first one to
 * finish is kept. An interrupted call leaves nothing that looks complete.
 *
 * @param {{log?: (message: string) => void}} [options]
 * @returns {Promise<string>} the folder of the jars
 * @throws {Error} with Maven's own error lines, e.g. without a network
 */
export async function installKafka({ log = () => undefined } = {}) {
  const target = lib();
  if (existsSync(target)) return target;
  await mkdir(CACHE, { recursive: true });
  const fresh = join(CACHE, `fetching-${process.pid}-${Date.now()}`);
  try {
    await fetchJars(fresh, log);
    await rename(fresh, target).catch((/** @type {unknown} */ error) => {
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return target;
}

/**
 * @param {string} into
 * @param {(message: string) => void} log
 */
async function fetchJars(into, log) {
  log('fetching the jars of Kafka (43 MB, once)');
  const started = Date.now();
  const maven = spawn('mvn', ['-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${into}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  /** @type {string[]} */
  const errors = [];
  let fetched = 0;
  let saidAt = started;
  /** @param {string} line */
  const read = (line) => {
    if (/Downloaded from .*[.]jar/.test(line)) fetched += 1;
    if (line.includes('[ERROR]')) errors.push(line);
    if (Date.now() - saidAt < SAY_EVERY_MS) return;
    saidAt = Date.now();
    log(`fetching the jars of Kafka: ${fetched} files, ${Math.round((saidAt - started) / 1000)} s`);
  };
  createInterface({ input: maven.stdout }).on('line', read);
  createInterface({ input: maven.stderr }).on('line', read);
  /** @type {number | null} */
  const code = await new Promise((resolve, reject) => {
    maven.once('error', reject);
    maven.once('close', resolve);
  });
  if (code !== 0) throw new Error(`Maven could not fetch the jars of Kafka:\n${errors.slice(0, 4).join('\n')}`);
  log(`the jars of Kafka are there (${Math.round((Date.now() - started) / 1000)} s)`);
}
