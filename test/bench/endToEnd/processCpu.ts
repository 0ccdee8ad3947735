import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts the time of processes in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/**
 * The processor seconds of these processes and all that they started, also of those that have ended: PostgreSQL has a process for each
 * connection. Undefined where the system does not tell it (`/proc`).
 */
export function cpuSeconds(pids: readonly number[]): number[] | undefined {
  const children = new Map<number, number[]>();
  const ticks = new Map<number, number>();
  try {
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const stat = statOf(name);
      if (stat === undefined) continue;
      ticks.set(Number(name), stat.ticks);
      children.set(stat.parent, [...(children.get(stat.parent) ?? []), Number(name)]);
    }
  } catch {
    return undefined;
  }
  const of = (pid: number): number =>
    (ticks.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((sum, child) => sum + of(child), 0);
  return pids.map((pid) => of(pid) / TICKS_PER_SECOND);
}

/** Undefined for a process that has ended since it was listed. */
function statOf(pid: string): { readonly parent: number; readonly ticks: number } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The name, in parentheses, may have spaces and parentheses of its own. After it: state, parent, …
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (n: number): number => Number(fields[n - 3] ?? 0);
  // utime, stime, and those of children that have ended and were waited for (proc(5), from field 14 on).
  return { parent: field(4), ticks: field(14) + field(15) + field(16) + field(17) };
}
