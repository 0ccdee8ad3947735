import { ensureBuild } from './ensure/build.mjs';
import { ensureDependencies } from './ensure/dependencies.mjs';
import { endWithNpm } from './ensure/endWithNpm.mjs';
import { say } from './ensure/say.mjs';

const NODE_NEEDED = [20, 19];

/**
 * Makes the checkout ready to run: dependencies from the lock file, then the build; 0.2 s when there is nothing to do. A
 * failure is reported in one sentence and ends the process.
 * @param {{client?: boolean}} [options] whether it is for a command that only talks to a Lading
 */
export async function ensure(options) {
  endWithNpm();
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [needMajor = 0, needMinor = 0] = NODE_NEEDED;
  if (major < needMajor || (major === needMajor && minor < needMinor)) {
    say(`Lading needs Node ${NODE_NEEDED.join('.')} or later; this is ${process.versions.node}`);
    process.exit(1);
  }
  try {
    // With the packages of before goes the build of before.
    if (await ensureDependencies(options)) await ensureBuild();
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    const readOnly = ['EROFS', 'EACCES', 'EPERM'].includes(code ?? '');
    say(
      readOnly
        ? `${message}\nThis checkout is not set up, and may not be written: run "npm ci && npm run build" as somebody who may.`
        : message,
    );
    process.exit(1);
  }
}
