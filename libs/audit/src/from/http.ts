import { Malformed } from '#proofs/text';
import { entriesIn, hashesAt, hashesIn, type Tile, tilePath } from '#proofs/tiles';
import { sizeIn } from '../checkpoints.ts';
import type { Item } from '../items.ts';

const TILE = 256;
/** Requests that are under way at once. */
const AHEAD = 4;

/** Gets what is at a path below the address of a log; undefined when nothing is (404). Rejects when nothing answers. */
type Get = (path: string) => Promise<Buffer | undefined>;

/**
 * A ledger over HTTP, by the routes of C2SP alone (https://c2sp.org/tlog-tiles), so that every mirror serves: the newest checkpoint, and
 * the events and tiles of its tree.
 *
 * @param after so many events were read before: only the bundle with the last of them is read again, to see that it is there
 */
export async function* fromHttp(get: Get, after = 0): AsyncGenerator<Item> {
  const note = await get('checkpoint');
  if (note === undefined) return;
  const size = sizeIn(note);
  const paths = tilesOf(size, after);
  const fetched: { tile: Tile; bytes: Promise<Buffer | undefined> }[] = [];
  yield { kind: 'checkpoint', note };
  for (;;) {
    while (fetched.length < AHEAD) {
      const next = paths.next();
      if (next.done === true) break;
      const bytes = get(tilePath(next.value));
      bytes.catch(() => undefined);
      fetched.push({ tile: next.value, bytes });
    }
    const first = fetched.shift();
    if (first === undefined) return;
    yield await itemOf(first.tile, first.bytes);
  }
}

async function itemOf(tile: Tile, got: Promise<Buffer | undefined>): Promise<Item> {
  const { level, index, width } = tile;
  let bytes: Buffer | undefined;
  try {
    bytes = await got;
  } catch (error) {
    return { kind: 'broken', why: `${tilePath(tile)} cannot be read: ${(error as Error).message}` };
  }
  // Any of the events in a bundle may be the one for which it is not to be had.
  const where = level === 'entries' ? { last: index * TILE + width } : {};
  if (bytes === undefined) return { kind: 'damaged', why: `${tilePath(tile)} is not there`, ...where };
  try {
    return level === 'entries'
      ? { kind: 'entries', first: index * TILE + 1, entries: entriesIn(bytes, width), bundle: bytes }
      : { kind: 'hashes', level, first: index * TILE, hashes: hashesIn(bytes, width) };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { kind: 'damaged', why: `${tilePath(tile)} is malformed: ${error.message}`, ...where };
  }
}

/** Every bundle of entries, and each tile after the last event that it stands for. */
function* tilesOf(size: number, after: number): Generator<Tile> {
  const last = Math.max(0, Math.min(after, size) - 1);
  for (let index = Math.floor(last / TILE); index * TILE < size; index += 1) {
    const read = Math.min(size, (index + 1) * TILE);
    yield { level: 'entries', index, width: read - index * TILE };
    for (let level = 0; hashesAt(level, read) > 0; level += 1) {
      const there = hashesAt(level, read);
      const width = ((there - 1) % TILE) + 1;
      const isNew = there * TILE ** level > index * TILE;
      if (isNew && (width === TILE || read === size)) yield { level, index: Math.floor((there - 1) / TILE), width };
    }
    // Tiles that got their last hash earlier, and will not be full.
    if (read === size) yield* unfinished(size, index * TILE);
  }
}

function* unfinished(size: number, before: number): Generator<Tile> {
  for (let level = 1; hashesAt(level, size) > 0; level += 1) {
    const there = hashesAt(level, size);
    const width = ((there - 1) % TILE) + 1;
    if (there * TILE ** level <= before && width < TILE) yield { level, index: Math.floor((there - 1) / TILE), width };
  }
}
