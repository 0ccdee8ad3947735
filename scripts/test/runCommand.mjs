import { spawn } from 'node:child_process';
import { root } from '../ensure/root.mjs';

/**
 * Runs a command in the checkout with this terminal as its own. Not synchronously: this process serves the tests meanwhile.
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<number>} the exit code; 1 when a signal ended it
 */
export function runCommand(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
  const endsWithUs = () => child.kill();
  process.once('exit', endsWithUs);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('exit', endsWithUs);
      resolve(code ?? 1);
    });
  });
}
