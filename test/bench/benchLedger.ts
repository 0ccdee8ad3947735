import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { parseSubmission } from '#intake/parseSubmission';
import type { Submission } from '#journal/submission';
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
  const cast = CAST.map(([type, data], n) => ({ ...envelope(`cast-${n}`), type, data }));
  await send('POST', `${PATH}?atomic=true`, 'application/cloudevents-batch+json', cast);
}

/** Whom and what the events of the benches are about. */
const CAST = [
  ['lading.party.registered.v1', { party: 'nvidia', name: 'NVIDIA', roles: ['supplier'] }],
  ['lading.party.registered.v1', { party: 'tesla', name: 'Tesla, Inc.', roles: ['customer'] }],
  ['lading.party.registered.v1', { party: 'dhl', name: 'DHL', roles: ['carrier'] }],
  ['lading.item.registered.v1', { item: 'H100', name: 'H100 80 GB', maker: 'nvidia', tracking: 'quantity' }],
] as const;

const envelope = (id: string) => ({ specversion: '1.0', id, source: 'urn:bench:erp', time: '2023-12-01T09:30:00Z' });

/** An order of one line, as text: about 350 bytes as submitted, 900 as the ledger keeps it. */
export const orderText = (name: string): string =>
  JSON.stringify({ ...envelope(name), type: 'lading.order.placed.v1', data: orderOf(name) });

export const orderOf = (name: string) => ({
  order: `PO-${name}`,
  buyer: 'tesla',
  supplier: 'nvidia',
  lines: [{ line: '1', item: 'H100', quantity: 8, window: { from: '2023-12-01', to: '2023-12-31' } }],
});

/** An event as the intake hands it to the journal. */
export function submitted(id: string, type: string, data: unknown): Submission {
  const parsed = parseSubmission({ ...envelope(id), type, data });
  if (!parsed.ok) throw new Error(parsed.refusal.detail);
  return { event: parsed.event, hash: parsed.hash, actor: 'bench' };
}

export const submittedCast = (): Submission[] => CAST.map(([type, data], n) => submitted(`cast-${n}`, type, data));

/** Does the work on each of them, on so many at a time: every submitter goes on when its last one is done. */
export async function inFlight<T>(count: number, all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  // One iterator, from which all of them take.
  const left = all.values();
  const submitter = async () => {
    for (const one of left) await work(one);
  };
  await Promise.all(Array.from({ length: count }, submitter));
}
