import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { type Server, startServer } from './server.ts';
import { temporaryFolder } from '#test/setup/temporaryFolder';

const KEY = 'lading_mT4vQ9xJr2WnB7yLc5HdZs8GpKf3RuXa1EoVi6';

export const LEDGER = 'bench';
export const PATH = `/v1/ledgers/${LEDGER}/events`;
export const AUTHORIZATION = { authorization: `Bearer ${KEY}` };

/** Runs `work` with the shipments service in a process of its own, on a PostgreSQL with fsync on, and an open ledger. */
export async function withShipments<T>(work: (server: Server) => Promise<T>): Promise<T> {
  const folder = await temporaryFolder('bench-http');
  const cluster = await startCluster({ dataDir: join(folder, 'postgres') });
  try {
    const main = new URL('../../apps/shipments/src/main.js', import.meta.url);
    const server = await startServer(
      main,
      { DATABASE_URL: cluster.url, LADING_ADMIN_KEY: KEY, LADING_DATA: folder },
      '/health/ready',
    );
    try {
      await openLedger(server);
      return await work(server);
    } finally {
      await server.stop();
    }
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function openLedger({ url }: Server): Promise<void> {
  const send = async (method: string, path: string, type: string, body: unknown) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...AUTHORIZATION, 'content-type': type },
      body: JSON.stringify(body),
    });
    if (response.status >= 300) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  };
  await send('PUT', `/v1/ledgers/${LEDGER}`, 'application/json', { name: 'Bench', keeper: 'nvidia' });
  const cast = [
    ['lading.party.registered.v1', { party: 'nvidia', name: 'NVIDIA', roles: ['supplier'] }],
    ['lading.party.registered.v1', { party: 'tesla', name: 'Tesla, Inc.', roles: ['customer'] }],
    ['lading.item.registered.v1', { item: 'H100', name: 'H100 80 GB', maker: 'nvidia', tracking: 'quantity' }],
  ].map(([type, data], n) => ({ ...envelope(`cast-${n}`), type, data }));
  await send('POST', `${PATH}?atomic=true`, 'application/cloudevents-batch+json', cast);
}

const envelope = (id: string) => ({ specversion: '1.0', id, source: 'urn:bench:erp', time: '2023-12-01T09:30:00Z' });

/** An order of one line, as text: about 350 bytes as submitted, 900 as the ledger keeps it. */
export const orderText = (name: string): string =>
  JSON.stringify({
    ...envelope(name),
    type: 'lading.order.placed.v1',
    data: {
      order: `PO-${name}`,
      buyer: 'tesla',
      supplier: 'nvidia',
      lines: [{ line: '1', item: 'H100', quantity: 8, window: { from: '2023-12-01', to: '2023-12-31' } }],
    },
  });
