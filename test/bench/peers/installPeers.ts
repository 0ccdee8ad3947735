import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PACKAGES = {
  '@event-driven-io/emmett': '0.42.0',
  '@event-driven-io/emmett-postgresql': '0.42.0',
  '@eventide/message-db': '1.3.1',
  '@grpc/grpc-js': '1.14.7',
  '@grpc/proto-loader': '0.8.1',
};
const UMADB = '0.7.8';
/** Compiling it takes three minutes on two cores. */
const COMPILE_MS = 1_200_000;
const NPM_MS = 300_000;

const run = promisify(execFile);

/**
 * Installs what the peers need into `folder`, and nothing of it where it is there already. No script of a package is run but those that
 * cargo needs to compile.
 *
 * @returns why UmaDB is not there; undefined when it is
 * @throws when a package of npm cannot be had
 */
export async function installPeers(folder: string): Promise<string | undefined> {
  await mkdir(folder, { recursive: true });
  const missing = Object.entries(PACKAGES).filter(([name, version]) => installedVersion(folder, name) !== version);
  if (missing.length > 0) {
    console.error('bench: peers are installed with npm …');
    const all = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
    const quietly = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    // The same npm that runs this bench, where one does.
    const npm = process.env.npm_execpath;
    const [command, first] = npm?.endsWith('.js') === true ? [process.execPath, [npm]] : ['npm', []];
    await run(command, [...first, 'install', ...quietly, '--prefix', folder, ...all], { cwd: folder, timeout: NPM_MS });
  }
  return installUmaDb(folder);
}

async function installUmaDb(folder: string): Promise<string | undefined> {
  const has = async (command: string, ...args: string[]) => (await run(command, args).catch(() => undefined))?.stdout;
  if ((await has(join(folder, 'bin', 'umadb'), '--version'))?.includes(UMADB) === true) return undefined;
  if ((await has('cargo', '--version')) === undefined) return 'there is no cargo to compile it';
  if ((await has('protoc', '--version')) === undefined) return 'there is no protoc, which compiling it needs';
  console.error('bench: UmaDB is compiled with cargo, which takes some minutes …');
  const command = ['install', 'umadb', '--version', UMADB, '--locked', '--quiet', '--root', folder];
  return run('cargo', command, { timeout: COMPILE_MS }).then(
    () => undefined,
    (error: unknown) => `cargo could not install it: ${String(error).trim().split('\n').at(-1) ?? ''}`,
  );
}

function installedVersion(folder: string, name: string): string | undefined {
  const manifest = join(folder, 'node_modules', name, 'package.json');
  if (!existsSync(manifest)) return undefined;
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
