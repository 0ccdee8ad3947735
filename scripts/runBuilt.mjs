import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensure } from './ensure.mjs';
import { root } from './ensure/root.mjs';

/**
 * Runs a built program in this process, after making the checkout ready. It is not a child process, so that it
 * gets the signals and the terminal directly, and its exit code is that of the command.
 * @param {string} program path under dist
 * @param {string[]} args
 */
export async function runBuilt(program, args) {
  await ensure();
  const path = join(root, 'dist', program);
  process.setSourceMapsEnabled(true);
  process.argv = [process.execPath, path, ...args];
  await import(pathToFileURL(path).href);
}
