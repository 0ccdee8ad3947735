import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBroker } from '#servers/kafka/broker.mjs';

/**
 * The options with which the brokers of a run start in half the processor time, and use less of it while they run: they take Kafka's
 * classes from an archive, ready made, and Java compiles their code once, quickly, and not a second time for speed.
 *
 * The archive stands beside the jars, and is made by the first run that finds none which this Java takes. What only uses Kafka, such
 * as the stack, neither makes nor reads it.
 *
 * @param {string} jars the folder of Kafka's jars
 * @param {(message: string) => void} log
 * @returns {Promise<string>} for JAVA_TOOL_OPTIONS
 */
export async function quickJava(jars, log) {
  const archive = `${jars}.jsa`;
  if (!takes(archive, jars)) await makeArchive(archive, jars, log);
  return ['-XX:TieredStopAtLevel=1', ...(existsSync(archive) ? [`"-XX:SharedArchiveFile=${archive}"`] : [])].join(' ');
}

/**
 * Whether this Java takes this archive for these jars. Java ends when it reads one that was cut off, so it is asked before a broker is.
 * @param {string} archive
 * @param {string} jars
 */
export function takes(archive, jars) {
  if (!existsSync(archive)) return false;
  const quietly = ['-XX:ErrorFile=/dev/null', '-XX:-CreateCoredumpOnCrash'];
  const asked = ['-Xshare:on', `-XX:SharedArchiveFile=${archive}`, '-cp', join(jars, '*'), '-version'];
  const { JAVA_TOOL_OPTIONS: _, ...env } = process.env;
  return spawnSync('java', [...quietly, ...asked], { env, stdio: 'ignore' }).status === 0;
}

/**
 * A broker that starts and stops writes down the classes that it has loaded. Where that fails, the tests run without an archive.
 * @param {string} archive
 * @param {string} jars
 * @param {(message: string) => void} log
 */
async function makeArchive(archive, jars, log) {
  log('making an archive of the classes of Kafka, once');
  await rm(archive, { force: true });
  const draft = `${archive}.${process.pid}`;
  const dataDir = await mkdtemp(join(tmpdir(), 'lading-classes-'));
  try {
    const broker = await startBroker({ dataDir, java: [`-XX:ArchiveClassesAtExit=${draft}`] });
    await broker.stop();
    if (takes(draft, jars)) await rename(draft, archive);
    else log('this Java makes no archive of classes: each Kafka takes twice as long to start');
  } catch (error) {
    // The tests that need a Kafka say the same, and the others are none the worse.
    log(String(error));
  } finally {
    await rm(draft, { force: true });
    await rm(dataDir, { recursive: true, force: true });
  }
}
