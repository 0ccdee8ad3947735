import { expect, it } from 'vitest';
import { createAdapter } from '#platform/http/createAdapter';
import { passFormatsThrough } from '../events.controller.ts';

it('CloudEvents are handed over as bytes, and NDJSON as a stream of any length', async () => {
  const fastify = createAdapter().getInstance();
  passFormatsThrough(fastify);
  fastify.post('/raw', ({ body }) => ({ bytes: Buffer.isBuffer(body) ? body.length : -1 }));
  fastify.post('/lines', async ({ body }) => {
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length;
    return { bytes };
  });
  const post = (url: string, type: string, payload: string | Buffer) =>
    fastify.inject({ method: 'POST', url, headers: { 'content-type': type }, payload });
  const twoMillion = Buffer.alloc(2_000_000, ' ');

  expect((await post('/raw', 'application/cloudevents+json', ' {} ')).json()).toEqual({ bytes: 4 });
  expect((await post('/raw', 'application/cloudevents+json; charset=utf-8', '{}')).json()).toEqual({ bytes: 2 });
  expect((await post('/raw', 'application/cloudevents+json', twoMillion)).statusCode).toBe(413);
  expect((await post('/raw', 'application/cloudevents-batch+json', twoMillion)).json()).toEqual({ bytes: 2_000_000 });
  expect((await post('/raw', 'application/cloudevents-batch+json', Buffer.alloc(20_000_000))).statusCode).toBe(413);
  expect((await post('/lines', 'application/x-ndjson', twoMillion)).json()).toEqual({ bytes: 2_000_000 });
});
