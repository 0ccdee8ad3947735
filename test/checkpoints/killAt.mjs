import fs from 'node:fs/promises';
import { ServerResponse } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';

/**
 * Loaded before a program, it kills that with SIGKILL at a step: `before FILE` and `after FILE`, when a file of this name is put in its
 * place by a rename, or `answering`, when an answer of 200 is about to leave.
 */
const [when, file] = (process.env.LADING_TEST_KILL_AT ?? '').split(' ');
const die = () => process.kill(process.pid, 'SIGKILL');

const { rename } = fs;
fs.rename = async (from, to) => {
  const isIt = basename(String(to)) === file;
  if (isIt && when === 'before') die();
  await rename(from, to);
  if (isIt && when === 'after') die();
};
syncBuiltinESMExports();

const { writeHead } = ServerResponse.prototype;
ServerResponse.prototype.writeHead = function (/** @type {any[]} */ ...args) {
  if (when === 'answering' && args[0] === 200) die();
  return Reflect.apply(writeHead, this, args);
};
