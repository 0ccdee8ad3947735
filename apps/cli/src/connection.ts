import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { Client } from './client.ts';
import { exitCodes, UserError } from './exitCodes.ts';

export interface ConnectionOptions {
  readonly url?: string;
  readonly key?: string;
}

/** Adds the options of every command that talks to a running Lading. */
export function withConnectionOptions(command: Command): Command {
  return command
    .option('--url <url>', 'where Lading answers (LADING_URL; default http://127.0.0.1:7400)')
    .option('--key <key>', 'an API key (LADING_KEY; default: the admin key of the data folder)');
}

/** A client with the address and the key that the options, the environment or the data folder give, in this order. */
export function connect({ url, key }: ConnectionOptions): Client {
  return new Client(url ?? defaultUrl(), key ?? defaultKey());
}

function defaultUrl(): string {
  const { LADING_URL, LADING_HOST, LADING_PORT } = process.env;
  return LADING_URL ?? `http://${LADING_HOST ?? '127.0.0.1'}:${LADING_PORT ?? '7400'}`;
}

function defaultKey(): string {
  const key = process.env.LADING_KEY ?? process.env.LADING_ADMIN_KEY;
  if (key !== undefined && key !== '') return key;
  const file = join(process.env.LADING_DATA ?? '.lading', 'admin.key');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new UserError(
      `No API key: name one with --key or LADING_KEY, or run this command in the folder that has the data folder (${file} does not exist).`,
      exitCodes.denied,
    );
  }
}
