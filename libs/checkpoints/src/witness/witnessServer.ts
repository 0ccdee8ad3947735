import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Witness, WitnessAnswer } from './witness.ts';

/** A proof and a note with cosignatures of many kinds have room. */
const MAX_BODY = 256 * 1024;
/** In which a request has to be there, whoever sends it. */
const REQUEST_MS = 10_000;
const MAX_CONNECTIONS = 500;

const text = (status: number, body: string): WitnessAnswer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});

/** The two routes of a witness over HTTP. No keys are needed: what is signed by no log is refused. */
export function witnessServer(witness: Witness, onError: (error: unknown) => void): Server {
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
    answerOf(witness, request)
      .catch((error: unknown) => {
        onError(error);
        return text(500, 'this witness cannot keep what it would cosign: its log says why');
      })
      .then((answer) => {
        send(answer, request, response);
      }, onError);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.keepAliveTimeout = 30_000;
  return server;
}

async function answerOf(witness: Witness, request: IncomingMessage): Promise<WitnessAnswer> {
  const [path = ''] = (request.url ?? '').split('?');
  if (path === '/add-checkpoint') {
    if (request.method !== 'POST') return text(405, 'POST a checkpoint here');
    const body = await bodyOf(request);
    return body === undefined ? text(413, `a request has at most ${MAX_BODY} bytes`) : witness.addCheckpoint(body);
  }
  const [, origin] = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path) ?? [];
  if (origin === undefined) return text(404, 'there are POST /add-checkpoint and GET /<origin hash>/checkpoint');
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'GET the newest checkpoint here');
  const checkpoint = await witness.checkpoint(origin);
  if (checkpoint === undefined) return text(404, 'this witness has cosigned no checkpoint of such a log');
  return { status: 200, type: 'text/plain; charset=utf-8', body: checkpoint };
}

/** Undefined when there is too much of it. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_BODY) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function send({ status, type, body }: WitnessAnswer, request: IncomingMessage, response: ServerResponse): void {
  const headers = {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    ...(status === 405 && { allow: request.url === '/add-checkpoint' ? 'POST' : 'GET, HEAD' }),
    // The rest of a body that is too long is not read.
    ...(status === 413 && { connection: 'close' }),
  };
  response.writeHead(status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}
