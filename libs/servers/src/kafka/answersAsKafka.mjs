import { connect } from 'node:net';

const API_VERSIONS = 18;
const TIMEOUT_MS = 1_000;

/**
 * Whether a Kafka broker answers on this port. A broker accepts connections long before it serves requests, so this sends a request
 * for the versions of its interfaces (ApiVersions v0: length, key, version, correlation id, no client id).
 * @param {number} port
 * @param {string} [host]
 * @returns {Promise<boolean>}
 */
export function answersAsKafka(port, host = '127.0.0.1') {
  const request = Buffer.alloc(14);
  request.writeInt32BE(10, 0);
  request.writeInt16BE(API_VERSIONS, 4);
  request.writeInt16BE(0, 6);
  request.writeInt32BE(1, 8);
  request.writeInt16BE(-1, 12);

  return new Promise((resolve) => {
    const socket = connect({ host, port });
    /** @param {boolean} answer */
    const done = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(TIMEOUT_MS, () => {
      done(false);
    });
    socket.once('error', () => {
      done(false);
    });
    socket.once('close', () => {
      done(false);
    });
    socket.once('connect', () => socket.write(request));
    // Length, correlation id and error code are ten bytes, which arrive in one piece.
    socket.once('data', (answer) => {
      done(answer.length >= 10 && answer.readInt16BE(8) === 0);
    });
  });
}
