import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensure } from './ensure.mjs';
import { root } from './ensure/root.mjs';

/**
 * Runs a built program in this process, after making it ready where this is a checkout (an image has no sources and needs
 * nothing). In this process and not in a child: signals, exit code and terminal are then the program's own, with nothing
 * between that could lose or double them.
 * @param {string} program path under dist
 * @param {string[]} args
 */
export async function runBuilt(program, args) {
  if (existsSync(join(root, '.swcrc'))) await ensure();
  const path = join(root, 'dist', program);
  process.setSourceMapsEnabled(true);
  process.argv = [process.execPath, path, ...args];
  await import(pathToFileURL(path).href);
}
