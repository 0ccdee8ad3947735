import { randomBytes } from 'node:crypto';
import fastify from 'fastify';
import { catalog } from '#contracts/catalog';
import { SubmittedEnvelope } from '#contracts/cloudEvent';

/** What Fastify does with the same body and the same schema, and nothing behind it: the limit of one event a request. */
const Body = SubmittedEnvelope.extend({ data: catalog['lading.order.placed.v1'].submitted });

const app = fastify();
app.addContentTypeParser('application/cloudevents+json', { parseAs: 'string' }, (_request, body, done) => {
  try {
    done(null, JSON.parse(String(body)));
  } catch (error) {
    done(error as Error);
  }
});
app.get('/', () => 'ready');
app.post('/v1/ledgers/:ledger/events', (request, reply) => {
  const parsed = Body.safeParse(request.body);
  if (!parsed.success) return reply.code(400).send(parsed.error);
  const { ledger } = request.params as { ledger: string };
  return reply.code(201).send({ ledger, sequence: 1, id: parsed.data.id, recordedtime: parsed.data.time });
});
const bytes = new Map<string, Buffer>();
app.get('/bytes/:count', (request, reply) => {
  const { count } = request.params as { count: string };
  // Like hashes: a client that takes them for text works longer on them than on text.
  const found = bytes.get(count) ?? randomBytes(Number(count));
  bytes.set(count, found);
  return reply.type('application/octet-stream').send(found);
});
app.get('/hashes/:count', (request, reply) => {
  const { count } = request.params as { count: string };
  const hashes = Array.from({ length: Number(count) }, (_, n) => Buffer.alloc(32, n).toString('base64'));
  return reply.send({ ledger: 'bench', sequence: 1, index: 0, size: 1, proof: hashes });
});
await app.listen({ host: '127.0.0.1', port: Number(process.env.LADING_PORT) });
process.on('SIGTERM', () => process.exit(0));
