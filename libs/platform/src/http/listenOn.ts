import { createServer } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Config, ConfigError } from '../service/config.ts';

/**
 * Listens on the host and port of the settings. An application that cannot listen stays open: its owner closes it.
 * @returns the URL that the application answers at
 * @throws ConfigError when the port is taken, or this user may not open it
 */
export async function listenOn(
  app: NestFastifyApplication,
  { host, port }: Pick<Config, 'host' | 'port'>,
): Promise<string> {
  try {
    await app.listen(port, host);
  } catch (error) {
    throw asMistake(error, host, port);
  }
  const address = app.getHttpServer().address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`;
}

/**
 * Finds out, before everything else is started, whether `listenOn` will be able to listen.
 * @throws ConfigError as `listenOn`
 */
export async function checkPort({ host, port }: Pick<Config, 'host' | 'port'>): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  }).catch((error: unknown) => {
    throw asMistake(error, host, port);
  });
  await new Promise((resolve) => server.close(resolve));
}

function asMistake(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const say = code === undefined ? undefined : MISTAKES[code];
  return say === undefined ? error : new ConfigError([say(host, port)]);
}

const MISTAKES: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) => `LADING_PORT: another program listens on ${host}:${port}: stop it, or set another port`,
  EACCES: (_host, port) => `LADING_PORT: an ordinary user may not open port ${port}: set one above 1023`,
  EADDRNOTAVAIL: (host) => `LADING_HOST: ${host} is no address of this machine`,
  ENOTFOUND: (host) => `LADING_HOST: there is no host ${host}`,
};
