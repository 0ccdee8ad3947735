import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { compressed, openBundle, wholeArchive } from '#audit/bundle';
import type { Item } from '#audit/items';
import { Verifier } from '#audit/verifier';
import { eventText, type LedgerEvent } from '#contracts/cloudEvent';
import { CompactRange, leafHash } from '#proofs/compactRange';
import { aKeeper, checkpointOver, type Signer } from '#test/audit/signedLedger';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { below, type Figure, shareOf } from './figure.ts';

export const name = 'verify';

const EVENTS = 1_000_000;
const CHECKPOINT_EVERY = 10_000;
/** Events of an order: it is placed, and then goes from one owner to the other and back. */
const OF_AN_ORDER = 50;

/**
 * Verifies a bundle of a million events in this process. The limit is SHA-256 alone of the same bytes, one digest for each event, which is the
 * least that a tree of them takes.
 */
export async function run(): Promise<Figure[]> {
  const folder = await temporaryFolder('bench-verify');
  const file = join(folder, 'bench.bundle');
  try {
    const keeper = await aKeeper();
    const header = { kind: 'whole' as const, ledger: 'nvidia', size: EVENTS, keys: [] };
    await pipeline(compressed(wholeArchive(header, ledger(keeper))), createWriteStream(file));
    const figures: Figure[] = [];
    for (const [what, fold, share] of [
      ['hashes, sequence and checkpoints', false, 0.5],
      ['with the fold', true, 0.25],
    ] as const) {
      const limit = rate(await digest(file));
      let most = 0;
      const before = memory();
      const watch = () => void (most = Math.max(most, memory()));
      const own = rate(await secondsOf(() => verify(file, keeper, fold, watch)));
      const title = `verify a bundle of ${EVENTS.toLocaleString('en')} events, ${what}`;
      figures.push(shareOf(title, 'events/s', own, limit, share));
      figures.push(below(`${title}: memory`, 'MB', Math.round(most - before), 100));
    }
    return figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const rate = (seconds: number): number => Math.round(EVENTS / seconds);
const memory = (): number => process.memoryUsage.rss() / 1_048_576;

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}

async function itemsOf(file: string): Promise<AsyncGenerator<Item>> {
  return (await openBundle(createReadStream(file, { highWaterMark: 1_048_576 }))).items as AsyncGenerator<Item>;
}

/** What the machine does without us: the events are unpacked before, a few thousand at a time, and only the digests are timed. */
async function digest(file: string): Promise<number> {
  let seconds = 0;
  for await (const item of await itemsOf(file)) {
    if (item.kind !== 'entries') continue;
    const begin = performance.now();
    for (const bytes of item.entries) createHash('sha256').update(bytes).digest();
    seconds += (performance.now() - begin) / 1000;
  }
  return seconds;
}

async function verify(file: string, { key }: Signer, fold: boolean, watch: () => void): Promise<void> {
  const verifier = new Verifier({ ledger: 'nvidia', trust: { keys: [key], witnesses: [], quorum: 0 }, fold });
  const { checkpoint } = await verifier.verify(await itemsOf(file), watch);
  if (checkpoint.size !== EVENTS) throw new Error(`only ${checkpoint.size} events were verified`);
}

async function* ledger(keeper: Signer): AsyncGenerator<Item> {
  const tree = CompactRange.of(0, []);
  for (let first = 1; first <= EVENTS; first += CHECKPOINT_EVERY) {
    const entries = Array.from({ length: Math.min(CHECKPOINT_EVERY, EVENTS - first + 1) }, (_, i) =>
      anEvent(first + i),
    );
    for (const bytes of entries) tree.append(leafHash(bytes));
    yield { kind: 'checkpoint', note: await checkpointOver(tree, keeper) };
    yield { kind: 'entries', first, entries };
  }
}

/** About 800 bytes. */
function anEvent(sequence: number): Buffer {
  const turn = (sequence - 1) % OF_AN_ORDER;
  const order = `PO-2026-${String(Math.ceil(sequence / OF_AN_ORDER)).padStart(6, '0')}`;
  const line = { item: 'H100', order, line: '1' };
  const at = (owner: string, stage: string) => ({ owner, custodian: 'nvidia', stage });
  const window = { from: '2026-12-01', to: '2026-12-31' };
  const [from, to] = turn % 2 === 1 ? ['tesla', 'x'] : ['x', 'tesla'];
  const placed = {
    ...{ order, buyer: 'tesla', supplier: 'nvidia', lines: [{ line: '1', item: 'H100', quantity: 8, window }] },
    moves: [{ ...line, quantity: 8, from: at('nvidia', 'supply'), to: at('tesla', 'ordered') }],
  };
  const reassigned = {
    ...{ reallocation: `R-${sequence}`, kind: 'reassigned', from, to, lines: [{ ...line, quantity: 8 }] },
    ...{ reason: 'The allocation of this quarter', authorisedBy: 'allocation-desk' },
    moves: [{ ...line, quantity: 8, from: at(from, 'ordered'), to: at(to, 'ordered') }],
  };
  const event = {
    ...{ id: `${order}-${turn}`, source: 'urn:supplier:erp' },
    type: turn === 0 ? 'lading.order.placed.v1' : 'lading.reallocation.made.v1',
    subject: turn === 0 ? `order/${order}` : `reallocation/R-${sequence}`,
    ...{ time: '2026-11-01T09:30:00Z', ledger: 'nvidia', sequence, recordedtime: '2026-11-01T09:30:01.123456Z' },
    ...{ actor: 'erp', data: turn === 0 ? placed : reassigned },
  };
  return Buffer.from(eventText(event as unknown as LedgerEvent));
}
