import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * The range is below the ports that systems give to outgoing connections. One of those could be taken before a server that needs
 * seconds to start, or is started again after a crash, listens on it.
 */
const FIRST = 10_240;
const END = 32_768;
const ATTEMPTS = 50;

/**
 * Finds a TCP port of 127.0.0.1 that no program listens on at this moment.
 * @param {number} [wanted] preferred when it is free
 * @returns {Promise<number>}
 */
export async function freePort(wanted = randomInt(FIRST, END)) {
  for (let attempt = 0, port = wanted; attempt < ATTEMPTS; attempt++, port = randomInt(FIRST, END)) {
    const found = await listenOnce(port).catch(() => undefined);
    if (found !== undefined) return found;
  }
  return listenOnce(0);
}

/**
 * @param {number} port
 * @returns {Promise<number>}
 */
function listenOnce(port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port was given'));
      });
    });
  });
}
