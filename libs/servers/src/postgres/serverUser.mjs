import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * @typedef {object} ServerUser the user who runs PostgreSQL's programs, which refuse to run as root
 * @property {{uid: number, gid: number} | undefined} owner of the data; undefined: the user of this process
 * @property {(command: string[]) => {command: string[], as?: {uid: number, gid: number}}} run
 */

/** @returns {ServerUser} */
export function serverUser() {
  if (process.getuid?.() !== 0) return { owner: undefined, run: (command) => ({ command }) };
  const owner = unprivileged();

  // Other users often cannot reach the checkout of root (/root, a `mktemp -d`), so that user could neither run the programs nor open
  // the data. The capability dac_override lets it pass through such folders.
  const drop = [
    'setpriv',
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    '--clear-groups',
    // These programs look for each other with access(2), which respects capabilities only with this.
    '--securebits=+no_setuid_fixup',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
  ];
  if (spawnSync(String(drop[0]), [...drop.slice(1), 'true']).status === 0) {
    return { owner, run: (command) => ({ command: [...drop, ...command] }) };
  }
  return { owner, run: (command) => ({ command, as: owner }) };
}

/** The user `postgres` where there is one, else `nobody`. Lading makes no account on somebody's machine. */
function unprivileged() {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (user === undefined)
    throw new Error(
      'PostgreSQL does not run as root, and there is no user "postgres" or "nobody" here: run this as an ordinary user',
    );
  return { uid: Number(user[2]), gid: Number(user[3]) };
}
