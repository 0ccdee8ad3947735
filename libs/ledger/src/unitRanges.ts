import { inKey } from '#contracts/scalars';
import { joinRanges, type SerialRange } from '#contracts/serials';

/** Units of one item whose serial numbers follow each other. */
export interface UnitRange extends SerialRange {
  readonly item: string;
}

/** A part of a range with its value; undefined where it has none. */
type Piece<V> = UnitRange & { readonly value: V | undefined };

interface Entry<V> {
  readonly from: number;
  readonly to: number;
  readonly value: V;
}
interface Series<V> extends Pick<UnitRange, 'item' | 'prefix' | 'digits'> {
  readonly blocks: Map<number, Entry<V>[]>;
}

/**
 * Numbers of one block. Entries are cut where a block ends, so that whatever is looked up or changed touches few of them,
 * in whatever order they came: 100,000 numbers in a row are 98 entries.
 */
const BLOCK = 1024;

/**
 * A value for each unit, kept by ranges: what it costs depends on how many ranges are named, hardly on how many units are in
 * them.
 */
export class UnitMap<V> {
  readonly #series = new Map<string, Series<V>>();

  /** Gives all units of a range this value, whatever they had before. */
  put({ item, prefix, digits, from, to }: UnitRange, value: V): void {
    const key = seriesKey(item, prefix, digits);
    let series = this.#series.get(key);
    if (series === undefined) this.#series.set(key, (series = { item, prefix, digits, blocks: new Map() }));
    for (let block = Math.floor(from / BLOCK); block * BLOCK <= to; block++) {
      const start = Math.max(from, block * BLOCK);
      const end = Math.min(to, block * BLOCK + BLOCK - 1);
      putInto(series.blocks, block, { from: start, to: end, value });
    }
  }

  /** Takes the value of all units of a range away. */
  remove({ item, prefix, digits, from, to }: UnitRange): void {
    const blocks = this.#series.get(seriesKey(item, prefix, digits))?.blocks;
    if (blocks === undefined) return;
    for (let block = Math.floor(from / BLOCK); block * BLOCK <= to; block++) {
      const entries = blocks.get(block);
      if (entries === undefined) continue;
      const left = entries.flatMap((entry): Entry<V>[] => {
        if (entry.to < from || entry.from > to) return [entry];
        const before = entry.from < from ? [{ ...entry, to: from - 1 }] : [];
        return [...before, ...(entry.to > to ? [{ ...entry, from: to + 1 }] : [])];
      });
      if (left.length > 0) blocks.set(block, left);
      else blocks.delete(block);
    }
  }

  /** The range in pieces, in its order: each with one value, or none. */
  pieces(range: UnitRange): Piece<V>[] {
    const { item, prefix, digits, from, to } = range;
    const blocks = this.#series.get(seriesKey(item, prefix, digits))?.blocks;
    if (blocks === undefined) return [{ item, prefix, digits, from, to, value: undefined }];
    if (from === to) {
      const entries = blocks.get(Math.floor(from / BLOCK));
      const entry = entries?.[firstEndingFrom(entries, from)];
      const value = entry !== undefined && entry.from <= from ? entry.value : undefined;
      return [{ item, prefix, digits, from, to, value }];
    }
    const pieces: Piece<V>[] = [];
    const add = (start: number, end: number, value: V | undefined): void => {
      const last = pieces.at(-1);
      if (last !== undefined && last.value === value) pieces[pieces.length - 1] = { ...last, to: end };
      else pieces.push({ item, prefix, digits, from: start, to: end, value });
    };
    let next = from;
    for (let block = Math.floor(from / BLOCK); block * BLOCK <= to; block++) {
      const entries = blocks.get(block) ?? [];
      for (let at = firstEndingFrom(entries, from); at < entries.length; at++) {
        const entry = entries[at];
        if (entry === undefined || entry.from > to) break;
        if (entry.from > next) add(next, entry.from - 1, undefined);
        const end = Math.min(entry.to, to);
        add(Math.max(entry.from, from), end, entry.value);
        next = end + 1;
      }
    }
    if (next <= to) add(next, to, undefined);
    return pieces;
  }

  /** Every range that has a value, by series, then by number. */
  *all(): Iterable<UnitRange & { readonly value: V }> {
    for (const { item, prefix, digits, blocks } of this.#series.values()) {
      let open: Entry<V> | undefined;
      for (const block of [...blocks.keys()].sort((a, b) => a - b)) {
        for (const entry of blocks.get(block) ?? []) {
          if (open !== undefined && open.value === entry.value && open.to + 1 === entry.from) {
            open = { ...open, to: entry.to };
            continue;
          }
          if (open !== undefined) yield { item, prefix, digits, ...open };
          open = entry;
        }
      }
      if (open !== undefined) yield { item, prefix, digits, ...open };
    }
  }
}

/** The ranges in as few as there can be: those of one series that overlap or follow each other, `gap` numbers apart at most. */
export const joinUnits = <R extends UnitRange>(
  ranges: readonly R[],
  gap = 0,
  beside: (range: R) => string = () => '',
): R[] => joinRanges(ranges, (range) => `${beside(range)}|${seriesKey(range.item, range.prefix, range.digits)}`, gap);

/** A prefix may hold any character, so it stands last. */
const seriesKey = (item: string, prefix: string, digits: number): string => `${inKey(item)}|${digits}|${prefix}`;

function putInto<V>(blocks: Map<number, Entry<V>[]>, block: number, entry: Entry<V>): void {
  const entries = blocks.get(block);
  if (entries === undefined) {
    blocks.set(block, [entry]);
    return;
  }
  const first = firstEndingFrom(entries, entry.from);
  let end = first;
  let before: Entry<V> | undefined;
  let after: Entry<V> | undefined;
  for (let old = entries[end]; old !== undefined && old.from <= entry.to; old = entries[++end]) {
    if (old.from < entry.from) before = { ...old, to: entry.from - 1 };
    if (old.to > entry.to) after = { ...old, from: entry.to + 1 };
  }
  entries.splice(first, end - first, ...(before ? [before] : []), entry, ...(after ? [after] : []));
}

/** Where the first entry stands that does not end before a number. */
function firstEndingFrom(entries: readonly { readonly to: number }[], number: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.to ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * What is left of ranges that others take units out of: `taken` do not overlap each other. Answers the rest of each range with
 * what stands beside it.
 */
export function outside<R extends UnitRange>(ranges: readonly R[], taken: readonly UnitRange[]): R[] {
  const gone = new UnitMap<true>();
  for (const range of taken) gone.put(range, true);
  return ranges.flatMap((range) =>
    gone.pieces(range).flatMap(({ from, to, value }) => (value === undefined ? [{ ...range, from, to }] : [])),
  );
}
