import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensure } from './ensure.mjs';
import { root } from './ensure/root.mjs';

/**
 * Runs a built program in this process, after making the checkout ready. The program runs in this process and not in a child:
 * signals, the exit code and the terminal are then its own, and nothing in between can lose or double them.
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
