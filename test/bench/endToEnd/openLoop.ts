import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Calls `send` for 0, 1, 2 … at a steady rate, whether or not what was sent before is answered: `planned` is the moment (of
 * `performance.now()`) at which it was due, also when this process or a full queue made it late. Latency counted from there leaves
 * nothing out.
 */
export async function openLoop(
  rate: number,
  count: number,
  send: (index: number, planned: number) => void,
): Promise<void> {
  const began = performance.now();
  for (let next = 0; next < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - began) * rate) / 1_000) + 1);
    for (; next < due; next++) send(next, began + (next * 1_000) / rate);
    await sleep(1);
  }
}
