import type { IncomingMessage } from 'node:http';

/** How long the rest of a body that was refused may still come, so that its sender gets to read why. Milliseconds. */
const LINGER_MS = 10_000;

/**
 * Reads the rest of a request for a while and throws it away. A connection that is closed while its client still sends is
 * reset, and the client loses the answer that says why. A request that goes on for longer is cut.
 */
export function lingerOver(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  request.on('error', () => undefined);
  request.resume();
  const timer = setTimeout(() => request.socket.destroy(), LINGER_MS);
  timer.unref();
  request.once('close', () => {
    clearTimeout(timer);
  });
}
