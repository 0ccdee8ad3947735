import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * @typedef {object} ServerUser who runs PostgreSQL's programs, which refuse to run as root
 * @property {{uid: number, gid: number} | undefined} owner of the data; undefined: whoever runs this process
 * @property {(command: string[]) => {command: string[], as?: {uid: number, gid: number}}} run
 */

/** @returns {ServerUser} */
export function serverUser() {
  if (process.getuid?.() !== 0) return { owner: undefined, run: (command) => ({ command }) };
  const owner = unprivileged();

  // Root's checkout is often out of everybody else's reach (/root, a `mktemp -d`), and then that user could neither run the
  // binaries nor open the data. The one capability that walks through such folders makes it work wherever root put them.
  const drop = [
    'setpriv',
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    '--clear-groups',
    // access(2), by which these programs look for each other, goes by capabilities only with this.
    '--securebits=+no_setuid_fixup',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
  ];
  if (spawnSync(String(drop[0]), [...drop.slice(1), 'true']).status === 0) {
    return { owner, run: (command) => ({ command: [...drop, ...command] }) };
  }
  return { owner, run: (command) => ({ command, as: owner }) };
}

/** The user `postgres` where there is one, else `nobody`: no account is made on somebody's machine. */
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
