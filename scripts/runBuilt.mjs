import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensure } from './ensure.mjs';
import { root } from './ensure/root.mjs';
import { needsPackages } from './ensure/running.mjs';

/**
 * Runs a built program in this process, after making the checkout ready. It is not a child process, so that it
 * gets the signals and the terminal directly, and its exit code is that of the command.
 * @param {string} program path under dist
 * @param {string[]} args
 */
export async function runBuilt(program, args) {
  const client = program.startsWith('apps/cli/') && args[0] !== 'up';
  await ensure({ client });
  if (!client) needsPackages();
  const path = join(root, 'dist', program);
  process.setSourceMapsEnabled(true);
  // Its second entry stays, so that the program can say how it was called.
  process.argv = [process.execPath, process.argv[1] ?? path, ...args];
  await import(pathToFileURL(path).href);
}
