import { spawnSync } from 'node:child_process';
import { jarsAreThere } from './installKafka.mjs';

const JAVA_NEEDED = 17;

/**
 * A sentence for people about what this machine lacks to run a Kafka broker; null when nothing is missing.
 * @returns {string | null}
 */
export function kafkaMissing() {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  if (java.status !== 0) return `Kafka needs Java ${JAVA_NEEDED} or later, and there is no \`java\` on the PATH`;
  const version = Number(/version "(\d+)/.exec(java.stderr)?.[1] ?? 0);
  if (version < JAVA_NEEDED) return `Kafka needs Java ${JAVA_NEEDED} or later, and \`java\` is version ${version}`;
  if (jarsAreThere()) return null;
  if (spawnSync('mvn', ['--version']).status !== 0)
    return 'fetching the jars of Kafka needs Maven, and there is no `mvn` on the PATH';
  return null;
}
