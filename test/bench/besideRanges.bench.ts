import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseSubmission } from '#intake/parseSubmission';
import { Journal } from '#journal/journal';
import { journalMigrations } from '#journal/migrations/journalMigrations';
import type { Submission } from '#journal/submission';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { below, type Figure } from './figure.ts';
import { percentile } from './percentile.ts';

export const name = 'beside-ranges';

const ROUNDS = 5;
const PER_ROUND = 100;
const PAUSE_MS = 5;
const UNITS = 12_000;
/** As many as an event names one by one. */
const NAMED = 2_000;

/**
 * How long one ledger's submitter waits, who sends an event at a time, while another ledger of the same process is given dispatches and
 * swaps of 12,000 serial numbers, one after the other; beside how long it waits when nothing else is done.
 */
export async function run(): Promise<Figure[]> {
  const folder = await temporaryFolder('bench-beside');
  const cluster = await startCluster({ dataDir: folder });
  try {
    await migrate(cluster.url, journalMigrations);
    const pool = createPool(cluster.url, { pipeline: true });
    const journal = new Journal(pool);
    for (const ledger of ['quiet', 'busy']) {
      await journal.open(ledger, { name: 'Bench', keeper: 'nvidia' }, 'bench');
      for (const submission of cast()) await take(journal, ledger, submission);
    }
    await waits(journal);

    const alone: number[] = [];
    const beside = { ranges: [] as number[], 'single serial numbers': [] as number[] };
    const took = { ranges: [] as number[], 'single serial numbers': [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(...(await waits(journal)));
      for (const [kind, found] of Object.entries(beside) as [keyof typeof beside, number[]][]) {
        const over = new AbortController();
        const busy = keepBusy(journal, kind === 'ranges', over.signal, took[kind]);
        found.push(...(await waits(journal)));
        over.abort();
        await busy;
      }
    }
    await journal.close();
    await pool.end();
    const quiet = percentile(alone, 0.99);
    return (Object.keys(beside) as (keyof typeof beside)[]).flatMap((kind) => [
      below(`p99 of another ledger, beside ${kind}`, 'ms', percentile(beside[kind], 0.99), 50, quiet),
      below(`p50 of an event about ${kind}`, 'ms', percentile(took[kind], 0.5), 100),
    ]);
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function waits(journal: Journal): Promise<number[]> {
  const found: number[] = [];
  for (let n = 0; n < PER_ROUND; n++) {
    const submission = order(`Q-${++made}`, 'H100', 8, 'tesla');
    const began = performance.now();
    await take(journal, 'quiet', submission);
    found.push(performance.now() - began);
    await sleep(PAUSE_MS);
  }
  return found;
}

/** Orders and dispatches of two parties, and swaps of what they got, until it is over; each event's time is added to `took`. */
async function keepBusy(journal: Journal, byRange: boolean, over: AbortSignal, took: number[]): Promise<void> {
  const isOver = () => over.aborted;
  while (!isOver()) {
    const n = ++made;
    const serials = (side: string, part: number) =>
      byRange
        ? { prefix: `${side}${n}-`, from: 0, to: UNITS - 1, digits: 6 }
        : // Every second number, in no order: no two of them follow each other.
          Array.from(
            { length: NAMED },
            (_, at) => `${side}${n}-${String(2 * (part * NAMED + ((at * 7_919) % NAMED))).padStart(6, '0')}`,
          );
    const sides = [
      ['A', 'tesla', 'x'],
      ['B', 'x', 'tesla'],
    ] as const;
    const events: Submission[] = [];
    for (const [side, owner] of sides) {
      events.push(order(`${side}-${n}`, 'DGX', UNITS, owner));
      const quantity = byRange ? UNITS : NAMED;
      for (let part = 0; part < UNITS / quantity; part++) {
        const line = { order: `${side}-${n}`, line: '1', owner, quantity, serials: serials(side, part) };
        const shipment = `S-${side}-${n}-${part}`;
        events.push(
          submitted('lading.shipment.dispatched.v1', { shipment, consignee: owner, carrier: 'dhl', lines: [line] }),
        );
      }
    }
    const legs = sides.map(([side, from, to]) => ({ order: `${side}-${n}`, line: '1', from, to, quantity: UNITS }));
    events.push(
      submitted('lading.swap.proposed.v1', { swap: `SW-${n}`, by: 'tesla', legs }),
      submitted('lading.swap.accepted.v1', { swap: `SW-${n}`, by: 'x' }),
      submitted('lading.swap.executed.v1', { swap: `SW-${n}`, by: 'x' }),
    );
    for (const event of events) {
      if (isOver()) return;
      const began = performance.now();
      await take(journal, 'busy', event);
      took.push(performance.now() - began);
    }
  }
}

async function take(journal: Journal, ledger: string, submission: Submission): Promise<void> {
  const outcome = await journal.submit(ledger, submission);
  if (outcome.status !== 'recorded') throw new Error(`an event of the bench was ${JSON.stringify(outcome)}`);
}

let made = 0;

function cast(): Submission[] {
  const parties = ['nvidia supplier', 'tesla customer', 'x customer', 'dhl carrier'].map((named) => {
    const [party = '', role = ''] = named.split(' ');
    return submitted('lading.party.registered.v1', { party, name: party, roles: [role] });
  });
  const items = ['H100 quantity', 'DGX serial'].map((named) => {
    const [item = '', tracking = ''] = named.split(' ');
    return submitted('lading.item.registered.v1', { item, name: item, maker: 'nvidia', tracking });
  });
  return [...parties, ...items];
}

const order = (id: string, item: string, quantity: number, buyer: string): Submission =>
  submitted('lading.order.placed.v1', {
    ...{ order: id, buyer, supplier: 'nvidia' },
    lines: [{ line: '1', item, quantity, window: { from: '2023-12-01', to: '2023-12-31' } }],
  });

function submitted(type: string, data: unknown): Submission {
  const event = {
    specversion: '1.0',
    id: `e-${++made}`,
    source: 'urn:bench',
    type,
    time: '2023-12-01T09:30:00Z',
    data,
  };
  const parsed = parseSubmission(event);
  if (!parsed.ok) throw new Error(parsed.refusal.detail);
  return { event: parsed.event, hash: parsed.hash, actor: 'bench' };
}
