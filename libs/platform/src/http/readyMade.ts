import type { FastifyReply, FastifyRequest } from 'fastify';
import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A document that is the same for everybody who asks. */
interface Document {
  readonly type: string;
  readonly bytes: Buffer;
  /** The bytes in gzip. */
  readonly packed: Buffer;
  readonly etag: string;
}

/** The bytes of all documents: an answer that sends them keeps no memory of its own. */
export const SHARED = new WeakSet<Buffer>();

const pack = promisify(gzip);

/**
 * A document that is made when it is asked for first, and never again. Every answer sends the same bytes: an answer that nobody reads
 * costs a connection and no copy of the document.
 */
export function readyMade(type: string, make: () => string | Buffer | Promise<Buffer>): () => Promise<Document> {
  let document: Promise<Document> | undefined;
  return () => {
    document ??= prepare(type, make).catch((error: unknown) => {
      document = undefined;
      throw error;
    });
    return document;
  };
}

async function prepare(type: string, make: () => string | Buffer | Promise<Buffer>): Promise<Document> {
  const bytes = Buffer.from(await make());
  const packed = await pack(bytes);
  SHARED.add(bytes).add(packed);
  // Weak, because the packed bytes have the same tag.
  return { type, bytes, packed, etag: `W/"${hash('sha256', bytes, 'base64url').slice(0, 22)}"` };
}

/**
 * A text that changes, for many to ask for: it is made once in `ms` at most, and whoever asks meanwhile gets the same bytes. One that
 * could not be made is not kept.
 */
export function renewed(
  make: () => Promise<string>,
  { ms = 1_000, now = () => performance.now() }: { readonly ms?: number; readonly now?: () => number } = {},
): () => Promise<Buffer> {
  let kept: { readonly bytes: Promise<Buffer>; readonly ends: number } | undefined;
  return () => {
    if (kept !== undefined && now() < kept.ends) return kept.bytes;
    const bytes = make().then((text) => {
      const made = Buffer.from(text);
      SHARED.add(made);
      return made;
    });
    const mine = { bytes, ends: now() + ms };
    kept = mine;
    bytes.catch(() => {
      if (kept === mine) kept = undefined;
    });
    return bytes;
  };
}

/** Sends the document, packed if the client takes that; 304 without it if the client has it already. */
export function sendDocument(
  { type, bytes, packed, etag }: Document,
  request: FastifyRequest,
  reply: FastifyReply,
  cache = 'no-cache',
) {
  void reply.headers({ etag, 'cache-control': cache, vary: 'accept-encoding' });
  if (has(request.headers['if-none-match'], etag)) return reply.code(304).send();
  void reply.type(type);
  const takesPacked = packed.length < bytes.length && takesGzip(request);
  return takesPacked ? reply.header('content-encoding', 'gzip').send(packed) : reply.send(bytes);
}

/** Whether the client takes an answer in gzip. */
export const takesGzip = ({ headers }: FastifyRequest): boolean => TAKES_GZIP.test(headers['accept-encoding'] ?? '');

const TAKES_GZIP = /(^|,)\s*gzip\s*(;\s*q=(1|0?\.0*[1-9])\S*\s*)?(,|$)/i;

const has = (ifNoneMatch = '', etag: string): boolean =>
  ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || `W/${tag.trim().replace(/^W\//, '')}` === etag);
