import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../process/freePort.mjs';
import { clusterId } from './broker.mjs';

/**
 * The places of the brokers of one Kafka, whose data is in `dataDir`. They are chosen once: each broker's own data has the addresses of
 * all, so the number of brokers stays what it was at first.
 * @param {string} dataDir
 * @param {number} count
 * @returns {Promise<import('./broker.mjs').Place[]>}
 * @throws {Error} when there is a Kafka with another number of brokers
 */
export async function placesOf(dataDir, count) {
  const file = join(dataDir, 'brokers.json');
  await mkdir(dataDir, { recursive: true });
  if (!existsSync(file))
    await writeFile(file, JSON.stringify({ clusterId: clusterId(), ports: await portsFor(count) }));
  /** @type {{clusterId: string, ports: {port: number, controllerPort: number}[]}} */
  const { clusterId: id, ports } = JSON.parse(await readFile(file, 'utf8'));
  if (ports.length !== count)
    throw new Error(
      `the Kafka in ${dataDir} has ${ports.length} brokers: start it with as many, or name another folder`,
    );
  return ports.map((_, index) => ({ node: index + 1, clusterId: id, ports }));
}

/** @param {number} count */
async function portsFor(count) {
  const ports = [];
  for (let n = 0; n < count; n++) ports.push({ port: await freePort(), controllerPort: await freePort() });
  return ports;
}
