import { createServer } from 'node:net';
import { services } from './services.mjs';

/**
 * The services whose port somebody listens on already.
 * @param {number} firstPort
 */
export async function portsTaken(firstPort) {
  const taken = await Promise.all(
    services.map(async ({ name, offset }) =>
      (await isFree(firstPort + offset)) ? [] : [`${firstPort + offset} (${name})`],
    ),
  );
  return taken.flat();
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
