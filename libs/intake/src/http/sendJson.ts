import type { FastifyReply } from 'fastify';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Sends text that is JSON already: no serialiser looks at it again. */
export function sendJson(
  reply: FastifyReply,
  status: number,
  text: string,
  headers?: Readonly<Record<string, string>>,
): void {
  void reply.code(status).header('content-type', JSON_TYPE);
  if (headers !== undefined) void reply.headers(headers);
  void reply.send(text);
}
