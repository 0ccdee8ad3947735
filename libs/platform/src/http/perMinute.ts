import { isIP, isIPv6 } from 'node:net';
import { LRUCache } from 'lru-cache';

const MINUTE_MS = 60_000;
/** Names that are counted at once; more of them push out the one that was not counted for longest. */
export const MAX_NAMES = 10_000;

/** Counts what each of many names does in a minute, which begins with the first time. */
export class PerMinute {
  readonly #counts = new LRUCache<string, { count: number; readonly ends: number }>({ max: MAX_NAMES });

  constructor(readonly limit: number) {}

  /** The count of this minute, with this time, and how many seconds of it are left. */
  count(name: string): { readonly count: number; readonly seconds: number } {
    const now = performance.now();
    let counted = this.#counts.get(name);
    if (counted === undefined || counted.ends <= now) {
      counted = { count: 0, ends: now + MINUTE_MS };
      this.#counts.set(name, counted);
    }
    counted.count++;
    return { count: counted.count, seconds: secondsTo(counted.ends, now) };
  }

  look(name: string): { readonly count: number; readonly seconds: number } {
    const now = performance.now();
    const counted = this.#counts.get(name);
    if (counted === undefined || counted.ends <= now) return { count: 0, seconds: 60 };
    return { count: counted.count, seconds: secondsTo(counted.ends, now) };
  }
}

const secondsTo = (ends: number, now: number): number => Math.max(1, Math.ceil((ends - now) / 1_000));

/** An address of IPv4, or the network of one of IPv6: whoever has one address of it has 2⁶⁴. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, '');
  if (!isIPv6(plain)) return isIP(plain) === 4 ? plain : 'unknown';
  const [head = '', tail] = plain.replace(/%.*$/, '').split('::');
  const before = head.split(':').filter(Boolean);
  const after = tail?.split(':').filter(Boolean) ?? [];
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  const groups = tail === undefined ? before : [...before, ...zeros, ...after];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
