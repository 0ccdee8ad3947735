import { availableParallelism } from 'node:os';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { leafDigestInPlace } from '#proofs/compactRange';
import { entriesIn, entryBundle, MAX_ENTRY } from '#proofs/tiles';
import type { Item, Read } from './items.ts';
import { movesAtOnce } from './told.ts';

interface Reading {
  readonly ledger: string;
  /** Whether the moves are wanted. */
  readonly fold: boolean;
}

interface Asked {
  readonly first: number;
  readonly width: number;
  readonly bundle: Uint8Array;
}

/** Items that have gone by before a thread is begun: most ledgers are read sooner than a thread begins. An item has up to 256 entries. */
const FEW = 32;
/** How many items are read ahead. */
const AHEAD = 4;
const THREAD = 'reads the entries of a ledger ahead';

/**
 * The same items in the same order. A second thread hashes their entries and reads their texts, which is half of what it takes to verify a
 * ledger.
 */
export async function* readAhead(source: AsyncIterable<Item>, reading: Reading): AsyncGenerator<Item> {
  const items: Item[] = [];
  let thread: ReadingThread | undefined;
  let failed: { readonly error: unknown } | undefined;
  try {
    try {
      let gone = 0;
      for await (const item of source) {
        if (++gone === FEW && availableParallelism() > 1) thread = new ReadingThread(reading);
        items.push(thread?.begin(item) ?? item);
        if (items.length > (thread === undefined ? 0 : AHEAD)) yield items.shift() ?? item;
      }
    } catch (error) {
      // What came before it is looked at first.
      failed = { error };
    }
    yield* items;
    if (failed !== undefined) throw failed.error;
  } finally {
    await thread?.end();
  }
}

class ReadingThread {
  readonly #worker: Worker;
  /** Who waits for what was asked, in the order in which it was. */
  readonly #waiting: ((read: Read | undefined) => void)[] = [];
  #isOver = false;

  constructor(reading: Reading) {
    this.#worker = new Worker(new URL(import.meta.url), {
      workerData: { [THREAD]: reading },
      execArgv: [],
      // Nearly all that it makes is garbage with the next bundle.
      resourceLimits: { maxYoungGenerationSizeMb: 96 },
    });
    this.#worker.on('message', (read: Read) => this.#waiting.shift()?.(read));
    // Whoever has no answer reads the entries itself.
    for (const event of ['error', 'exit'])
      this.#worker.on(event, () => {
        this.#isOver = true;
        for (const resolve of this.#waiting.splice(0)) resolve(undefined);
      });
  }

  begin(item: Item): Item {
    if (this.#isOver || item.kind !== 'entries' || item.beside !== undefined) return item;
    const { first, entries, bundle } = item;
    if (bundle === undefined && entries.some(({ length }) => length > MAX_ENTRY)) return item;
    const copy = bundle === undefined ? entryBundle(entries) : new Uint8Array(bundle);
    const asked: Asked = { first, width: entries.length, bundle: copy };
    const read = new Promise<Read | undefined>((resolve) => this.#waiting.push(resolve));
    this.#worker.postMessage(asked, [asked.bundle.buffer as ArrayBuffer]);
    return { ...item, read };
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

function read({ first, width, bundle }: Asked, { ledger, fold }: Reading): Read {
  let leaves = '';
  // Of a buffer entries are cut as buffers, which Node reads texts from at once.
  const moves = entriesIn(Buffer.from(bundle.buffer), width).map((bytes, index) => {
    leaves += leafDigestInPlace(bytes);
    const found = movesAtOnce(bytes, ledger, first + index);
    return found === undefined || fold ? found : '';
  });
  return { leaves, moves };
}

const reading = (workerData as { readonly [THREAD]?: Reading } | null)?.[THREAD];
if (reading !== undefined) parentPort?.on('message', (asked: Asked) => parentPort?.postMessage(read(asked, reading)));
