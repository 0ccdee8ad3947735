import { describe } from 'vitest';
import { spawnSync } from 'node:child_process';

/** Whether Go is there, and the modules of the program in this folder can be had: from this machine, or from Go's proxy. */
function canRun(folder: string): boolean {
  const go = (...args: string[]) =>
    spawnSync('go', args, { cwd: folder, stdio: 'ignore', timeout: 60_000 }).status === 0;
  return go('version') && go('mod', 'download');
}

/**
 * A group of tests that need a program in Go. Where it cannot run the group is skipped, and `npm test` counts these groups by the mark in their
 * titles and says so at its end.
 */
export function describeGo(title: string, folder: string, tests: () => void): void {
  const marked = `${title} (with Go)`;
  if (canRun(folder)) describe(marked, tests);
  // oxlint-disable-next-line no-restricted-properties -- beside Kafka, the one place that may skip tests
  else describe.skip(marked, tests);
}
