import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exitCodes, UserError } from './exitCodes.ts';

/** What other commands need to know about a Lading that runs on this machine. */
interface Running {
  readonly pid: number;
  readonly url: string;
  /** Includes the password. */
  readonly databaseUrl: string;
}

/** A setting of the environment; one that is empty counts as not set. */
export function setting(name: string): string | undefined {
  const value = process.env[name];
  return value === '' ? undefined : value;
}

const fileIn = (dataDir: string): string => join(dataDir, 'running.json');

/** Writes `running.json` into the data folder, mode 0600, for the other commands. */
export function announce(dataDir: string, running: Running): void {
  withdraw(dataDir);
  writeFileSync(fileIn(dataDir), JSON.stringify(running), { mode: 0o600, flag: 'wx' });
}

export function withdraw(dataDir: string): void {
  rmSync(fileIn(dataDir), { force: true });
}

/**
 * The Lading that `npm start` or `npm run stack` runs on the data folder of LADING_DATA; undefined when there is none. A file that a
 * killed process left behind does not count.
 */
export function findRunning(): (Running & { readonly keyFile: string }) | undefined {
  for (const folder of dataFolders()) {
    try {
      const running = JSON.parse(readFileSync(fileIn(folder), 'utf8')) as Running;
      if (isAlive(running.pid)) return { ...running, keyFile: join(folder, 'admin.key') };
    } catch {
      // Nothing was started on this folder, or it belongs to somebody else.
    }
  }
  return undefined;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is there, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The data folder of LADING_DATA, and the one below it that `npm run stack` uses. */
export function dataFolders(): readonly [string, string] {
  const dataDir = resolve(setting('LADING_DATA') ?? '.lading');
  return [dataDir, join(dataDir, 'stack')];
}

/** The URL of the database: DATABASE_URL, or else that of the Lading that runs on the data folder. */
export function databaseUrl(): string {
  const url = setting('DATABASE_URL') ?? findRunning()?.databaseUrl;
  if (url !== undefined) return url;
  throw new UserError(
    `No database: no Lading runs on ${dataFolders()[0]}. Start one with "npm start", or set DATABASE_URL.`,
    exitCodes.unavailable,
  );
}
