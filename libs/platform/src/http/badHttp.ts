import type { ConnectionError, FastifyRequest } from 'fastify';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { problem, type ProblemCode } from '#contracts/problem';
import { refused } from './admission.ts';
import { ProblemError } from './problemError.ts';

/** What is wrong with bytes that make no request. */
interface Fault {
  readonly status: number;
  readonly reason: string;
  readonly code: ProblemCode;
  readonly detail: string;
}

/** Answers what never becomes a request with a problem document, too, where Node would answer without a body or not at all. */
export function refuseWhatIsNoRequest(server: Server): void {
  server.on('checkExpectation', refuseExpectation);
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    end(socket, {
      ...{ status: 405, reason: 'Method Not Allowed', code: 'method-not-allowed' },
      detail: 'this is no proxy: CONNECT is not taken here',
    });
  });
}

/** `Expect: 100-continue` is the only expectation that there is, and Node answers it. */
function refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
  const detail = `Expect: ${String(request.headers.expect)} cannot be met: leave it out, or send 100-continue`;
  const instance = request.url?.split('?', 1)[0];
  const body = JSON.stringify(problem(417, 'expectation-failed', { detail, instance }));
  response.writeHead(417, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    // The body was not read, so what comes next on this connection cannot be told from it.
    connection: 'close',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Bytes that are not HTTP make no request that could be answered, so the answer is written to the socket. */
export function refuseBadHttp(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  end(socket, faultOf(error));
}

/** Pieces of a chunked body that may be of any size. */
const FREE_PIECES = 10_000;
/** Bytes that a piece has on an average beyond these. */
const LEAST_PIECE = 16;
/** Pieces of any size that each second adds: a stream that lasts may be kept open with blank lines. */
const PIECES_PER_SECOND = 100;

/**
 * Ends the connection of a chunked body that comes in crumbs, whoever reads it: Node calls back for each of them, and is not to be
 * stopped before all that was received is taken apart. 4 MB of chunks of one byte took seconds, also from a client without a key.
 */
export function refuseCrumbs(request: IncomingMessage, answer: ServerResponse): void {
  if (request.headers['transfer-encoding'] === undefined) return;
  // Nobody reads the body of a question: what comes of it after the answer, Node takes apart and throws away, unless this ends it.
  if (['GET', 'HEAD', 'OPTIONS'].includes(request.method ?? '')) answer.setHeader('connection', 'close');
  const began = performance.now();
  const push = request.push.bind(request);
  let pieces = 0;
  let bytes = 0;
  let isRefused = false;
  request.push = (piece: Uint8Array | null, encoding?: BufferEncoding): boolean => {
    // What was received together is still taken apart to its end.
    if (isRefused) return false;
    if (piece === null) return push(piece, encoding);
    bytes += piece.length;
    const more = ++pieces - FREE_PIECES - bytes / LEAST_PIECE;
    if (more <= 0 || more <= ((performance.now() - began) / 1_000) * PIECES_PER_SECOND) return push(piece, encoding);
    isRefused = true;
    refused.inc({ reason: 'body in crumbs' });
    if (!answer.headersSent && request.socket.writable) end(request.socket, CRUMBS);
    request.socket.destroySoon();
    return false;
  };
}

const CRUMBS: Fault = {
  ...{ status: 400, reason: 'Bad Request', code: 'malformed' },
  detail: 'the body came in very many very small chunks: send larger ones, or the body as a whole',
};

function faultOf({ code, rawPacket }: ConnectionError): Fault {
  if (code === 'HPE_HEADER_OVERFLOW') {
    // Node counts the request line as a header.
    return Buffer.isBuffer(rawPacket) && startsWithLongLine(rawPacket)
      ? { status: 414, reason: 'URI Too Long', code: 'too-large', detail: TOO_LONG }
      : {
          ...{ status: 431, reason: 'Request Header Fields Too Large', code: 'too-large' },
          detail: 'the headers are too large: send 16 KB of them at most',
        };
  }
  return code === 'ERR_HTTP_REQUEST_TIMEOUT'
    ? {
        ...{ status: 408, reason: 'Request Timeout', code: 'request-timeout' },
        detail: 'the request took too long to arrive: send it again',
      }
    : { status: 400, reason: 'Bad Request', code: 'malformed', detail: 'this is not HTTP/1.1 as RFC 9112 has it' };
}

const startsWithLongLine = (packet: Buffer): boolean =>
  /^[A-Z]+ [^ \r\n]+$/.test(packet.subarray(0, MAX_URL).toString('latin1'));

/** Bytes of a path with its query at most: RFC 9110 asks for 8,000 at least. */
export const MAX_URL = 8_192;
export const TOO_LONG = `the address of the request is too long: send ${MAX_URL} characters of it at most`;

/** What RFC 9112 and 9110 ask a server to refuse, and Node does not. */
export function whyNotHttp({ raw }: FastifyRequest): ProblemError | undefined {
  const { rawHeaders, httpVersion, url = '' } = raw;
  if (url.length > MAX_URL) return new ProblemError(414, 'too-large', TOO_LONG, { facts: { limit: MAX_URL } });
  const { host } = raw.headers;
  if (host === undefined && httpVersion !== '1.0')
    return new ProblemError(400, 'malformed', 'a request names its Host, this one does not: send one');
  // Node keeps one of them, or makes a list of them: what was meant would depend on who reads the request.
  const twice = rawHeaders.length === 2 * Object.keys(raw.headers).length ? undefined : firstTwice(rawHeaders);
  return twice === undefined
    ? undefined
    : new ProblemError(400, 'malformed', `a request has one ${twice} header, this one has several: send one`);
}

/** The first of those headers that is there more than once and says one thing. */
function firstTwice(rawHeaders: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name, lower] = [rawHeaders[at] ?? '', (rawHeaders[at] ?? '').toLowerCase()];
    if (seen.has(lower)) return name;
    if (SINGLE.has(lower)) seen.add(lower);
  }
  return undefined;
}
const SINGLE = new Set(['host', 'authorization', 'content-type', 'content-length', 'idempotency-key', 'last-event-id']);

function end(socket: Socket, { status, reason, code, detail }: Fault): void {
  const body = JSON.stringify(problem(status, code, { detail }));
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
