import { request } from 'node:http';
import { once } from 'node:events';
import { AUTHORIZATION, orderText, PATH, withShipments } from './benchLedger.ts';
import { atLeast, type Figure } from './figure.ts';
import type { Server } from './server.ts';

export const name = 'ndjson';

const EVENTS = 100_000;
const WARM = 20_000;
const TARGET = 12_000;

/** One stream of events, each answered with a line after its COMMIT: client, server and PostgreSQL on one machine. */
export async function run(): Promise<Figure[]> {
  return withShipments(async (server) => {
    await stream(server, 'w', WARM);
    const seconds = await stream(server, 'n', EVENTS);
    return [atLeast('HTTP bulk NDJSON', 'events/s', Math.round(EVENTS / seconds), TARGET)];
  });
}

/** Sends the events, reads their results meanwhile. @returns seconds from the first byte to the last result */
async function stream({ url }: Server, prefix: string, events: number): Promise<number> {
  const chunks: string[] = [];
  for (let first = 0; first < events; first += 100) {
    chunks.push(Array.from({ length: 100 }, (_, i) => `${orderText(`${prefix}${first + i}`)}\n`).join(''));
  }
  const started = performance.now();
  const outgoing = request(`${url}${PATH}`, {
    method: 'POST',
    headers: { ...AUTHORIZATION, 'content-type': 'application/x-ndjson' },
  });
  const recorded = countRecorded(outgoing);
  for (const chunk of chunks) if (!outgoing.write(chunk)) await once(outgoing, 'drain');
  outgoing.end();
  const count = await recorded;
  if (count !== events) throw new Error(`${count} of ${events} events were recorded`);
  return (performance.now() - started) / 1000;
}

async function countRecorded(outgoing: ReturnType<typeof request>): Promise<number> {
  const [response] = (await once(outgoing, 'response')) as [import('node:http').IncomingMessage];
  let count = 0;
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.includes('"status":201')) count++;
  }
  return count;
}
