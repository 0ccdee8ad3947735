import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exitCodes, UserError } from './exitCodes.ts';

/** The file in the data folder, mode 0600, from which other commands learn about a running `lading up`. */
interface Running {
  readonly pid: number;
  readonly url: string;
  /** Includes the password. */
  readonly databaseUrl: string;
}

const fileIn = (dataDir: string): string => join(dataDir, 'running.json');

export function announce(dataDir: string, running: Running): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  writeFileSync(fileIn(dataDir), JSON.stringify(running), { mode: 0o600 });
}

export function withdraw(dataDir: string): void {
  rmSync(fileIn(dataDir), { force: true });
}

/** The URL of the database: DATABASE_URL, or else that of the `lading up` that runs on the data folder. */
export function databaseUrl(): string {
  const set = process.env.DATABASE_URL;
  if (set !== undefined && set !== '') return set;
  const dataDir = resolve(process.env.LADING_DATA ?? '.lading');
  try {
    return (JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as Running).databaseUrl;
  } catch {
    throw new UserError(
      `No database: no Lading runs on ${dataDir}. Start one with "npm start", or set DATABASE_URL.`,
      exitCodes.unavailable,
    );
  }
}
