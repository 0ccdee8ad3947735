import autocannon from 'autocannon';
import { AUTHORIZATION, orderText, PATH, withShipments } from './benchLedger.ts';
import { atMost, type Figure, shareOf } from './figure.ts';
import { startServer } from './server.ts';

export const name = 'http';

const CONNECTIONS = 64;
const ROUNDS = 3;
const ROUND_SECONDS = 5;

/**
 * One event a request on 64 connections, each answered after its COMMIT, against a bare Fastify route that validates the same
 * body: client, server and PostgreSQL on one machine, in turns.
 */
export async function run(): Promise<Figure[]> {
  const bare = await startServer(new URL('./bareServer.js', import.meta.url), {}, '/');
  try {
    return await withShipments(async (server) => {
      await load(server.url, 3);
      await load(bare.url, 3);
      const ours: autocannon.Result[] = [];
      const limits: autocannon.Result[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        ours.push(await load(server.url, ROUND_SECONDS));
        limits.push(await load(bare.url, ROUND_SECONDS));
      }
      const p99 = Math.max(...ours.map(({ latency }) => latency.p99));
      return [
        shareOf('HTTP, one event a request', 'events/s', rate(ours), rate(limits), 0.55),
        atMost('HTTP, one event a request, p99', 'ms', p99, Math.max(...limits.map(({ latency }) => latency.p99)), 1.5),
      ];
    });
  } finally {
    await bare.stop();
  }
}

const rate = (results: readonly autocannon.Result[]): number =>
  Math.round(results.reduce((sum, result) => sum + result.requests.total / result.duration, 0) / results.length);

let sent = 0;

async function load(url: string, seconds: number): Promise<autocannon.Result> {
  const result = await autocannon({
    url: `${url}${PATH}`,
    connections: CONNECTIONS,
    duration: seconds,
    method: 'POST',
    headers: { ...AUTHORIZATION, 'content-type': 'application/cloudevents+json' },
    requests: [{ setupRequest: (request) => ({ ...request, body: orderText(`n${sent++}`) }) }],
  });
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${result.non2xx} refused, ${result.errors} failed`);
  return result;
}
