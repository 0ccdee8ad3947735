import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { Client } from './client.ts';
import { exitCodes, UserError } from './exitCodes.ts';
import { dataFolders, findRunning, setting } from './running.ts';

export interface ConnectionOptions {
  readonly url?: string;
  readonly key?: string;
}

/** Adds the options of every command that talks to a running Lading. */
export function withConnectionOptions(command: Command): Command {
  return command
    .option('--url <url>', 'where Lading answers (LADING_URL; default: the one that runs here)')
    .option('--key <key>', 'an API key (LADING_KEY; default: the admin key of the one that runs here)');
}

/** A client with the address and the key that the options, the environment or the Lading that runs here give, in this order. */
export function connect({ url, key }: ConnectionOptions): Client {
  const address = checked(url ?? setting('LADING_URL') ?? localUrl());
  return new Client(address, key ?? defaultKey(address));
}

function localUrl(): string {
  const [host, port] = [setting('LADING_HOST'), setting('LADING_PORT')];
  const running = host === undefined && port === undefined ? findRunning() : undefined;
  return running?.url ?? `http://${host ?? '127.0.0.1'}:${port ?? '7400'}`;
}

/** @throws UserError when the text is not the address of an HTTP service */
function checked(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UserError(`${text} is not an address: give one like http://127.0.0.1:7400`);
  if (url.username !== '' || url.password !== '')
    throw new UserError(`The address of ${url.host} has a password in it: give the key with LADING_KEY instead.`);
  const { pathname } = url;
  if (/^\/v1(\/|$)/.test(pathname))
    throw new UserError(`The address of the service is ${url.origin}, without ${pathname}: leave that out.`);
  return text;
}

function defaultKey(address: string): string {
  const key = setting('LADING_KEY') ?? setting('LADING_ADMIN_KEY');
  if (key !== undefined) return key;
  const { hostname } = new URL(address);
  // The admin key may do everything, so it goes to this machine only, unless somebody names it.
  if (!/^(localhost|127[.]\d+[.]\d+[.]\d+|\[::1\])$/.test(hostname) && !isRunningAt(address))
    throw new UserError(
      `No API key for ${hostname}: name one with LADING_KEY or --key. The admin key of the data folder is sent to this machine only.`,
      exitCodes.denied,
    );
  return keyOfDataFolder();
}

const isRunningAt = (address: string): boolean => {
  const running = findRunning();
  return running !== undefined && new URL(running.url).origin === new URL(address).origin;
};

function keyOfDataFolder(): string {
  const files = [findRunning()?.keyFile, ...dataFolders().map((folder) => join(folder, 'admin.key'))];
  for (const file of files) {
    try {
      if (file !== undefined) return readFileSync(file, 'utf8').trim();
    } catch {
      // The next file may be there.
    }
  }
  throw new UserError(
    `No API key: name one with --key or LADING_KEY, or run this command in the folder that has the data folder (${dataFolders()[0]} has no admin.key).`,
    exitCodes.denied,
  );
}
