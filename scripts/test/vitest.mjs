import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../ensure/root.mjs';
import { runCommand } from './runCommand.mjs';

const ON_KAFKA = '(on Kafka)';
const WITH_GO = '(with Go)';

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {number} onKafka how many of the passed and failed ran on a real Kafka
 * @property {number} keptFromKafka how many were skipped because there was none
 * @property {number} keptFromGo how many were skipped because there was no Go, or its modules could not be had
 */

/** @typedef {{status: string, ancestorTitles: string[]}} Assertion */

/** Integration tests wait for other processes a fifth of their time; the others have use for all of a core. */
const workers = { unit: 3, int: 4, e2e: 3, faults: 1 };

/**
 * Runs the tests of one project of Vitest.
 * @param {'unit' | 'int' | 'e2e' | 'faults'} project
 * @param {string[]} paths all unless given
 * @returns {Promise<Counts>}
 */
export async function runTests(project, paths) {
  const file = join(root, '.cache', `tests-${project}.json`);
  mkdirSync(join(root, '.cache'), { recursive: true });
  rmSync(file, { force: true });
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const output = [
    `--maxWorkers=${workers[project]}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ];
  const narrowed = paths.length > 0 ? ['--passWithNoTests', ...paths] : [];
  const code = await runCommand(process.execPath, [vitest, 'run', '--project', project, ...output, ...narrowed]);
  return count(file, code);
}

/**
 * @param {string} file
 * @param {number} code
 * @returns {Counts}
 */
function count(file, code) {
  const counts = { passed: 0, failed: 0, skipped: 0, onKafka: 0, keptFromKafka: 0, keptFromGo: 0 };
  for (const { status, ancestorTitles } of results(file, counts)) {
    const kafka = ancestorTitles.some((title) => title.endsWith(ON_KAFKA));
    if (status === 'passed') counts.passed += 1;
    else if (status === 'failed') counts.failed += 1;
    else counts.skipped += 1;
    if (kafka && (status === 'passed' || status === 'failed')) counts.onKafka += 1;
    else if (kafka) counts.keptFromKafka += 1;
    else if (ancestorTitles.some((title) => title.endsWith(WITH_GO)) && status !== 'passed' && status !== 'failed')
      counts.keptFromGo += 1;
  }
  // Vitest itself failed: in a set-up, with an error that no test caught, or with nothing to run.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/**
 * @param {string} file
 * @param {Counts} counts where a test file that could not even be loaded counts as one failure
 * @returns {Assertion[]}
 */
function results(file, counts) {
  /** @type {{testResults: {status: string, assertionResults: Assertion[]}[]}} */
  let all;
  try {
    all = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return [];
  }
  counts.failed += all.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((one) => one.status !== 'failed'),
  ).length;
  return all.testResults.flatMap((suite) => suite.assertionResults);
}
