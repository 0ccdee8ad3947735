import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { ConfigError } from '../service/config.ts';
import { clientConfig } from './database.ts';
import { troubleOf } from './trouble.ts';

/** Codes of errors that waiting does not cure, because the address is wrong. */
const WRONG: Readonly<Record<string, string>> = {
  '28P01': 'the password is wrong',
  '28000': 'the user may not connect',
  '3D000': 'there is no such database on it',
  ENOTFOUND: 'there is no such host',
};

/**
 * Resolves when the database accepts connections, because services and their database often start together.
 * @throws ConfigError when the database refuses, or does not answer within `patienceMs`
 */
export async function waitForDatabase(url: string, log: (message: string) => void, patienceMs = 60_000): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (let said = false; ; ) {
    const error = await tryOnce(url);
    if (error === undefined) return;
    const wrong = WRONG[String((error as { code?: unknown }).code)];
    if (wrong !== undefined) throw new ConfigError([`DATABASE_URL: PostgreSQL refuses: ${wrong}`]);
    if (troubleOf(error) === undefined) throw error as Error;
    if (Date.now() > deadline)
      throw new ConfigError([`DATABASE_URL: PostgreSQL at ${hostOf(url)} does not answer: is it running?`]);
    if (!said) log(`waiting for PostgreSQL at ${hostOf(url)}`);
    said = true;
    await sleep(200);
  }
}

async function tryOnce(url: string): Promise<unknown> {
  const client = new pg.Client(clientConfig(url, { name: 'lading start' }));
  client.on('error', () => undefined);
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const hostOf = (url: string): string => new URL(url).host;
