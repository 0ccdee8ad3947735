import { describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { Signal } from './signal.ts';

describe('a signal', () => {
  it('ends the wait of the one who sleeps, and is then no longer set', async () => {
    const signal = new Signal();
    const waiting = signal.wait();
    signal.set();
    expect(await waiting).toBe(true);
    expect(await signal.wait(undefined, 1)).toBe(false);
  });

  it('that is set while nobody waits ends the next wait at once, however often it was set', async () => {
    const signal = new Signal();
    signal.set();
    signal.set();
    expect(await signal.wait()).toBe(true);
    expect(await signal.wait(undefined, 1)).toBe(false);
  });

  it('ends a wait without being set when the time is over, and when the waiter is stopped', async () => {
    const stop = new AbortController();
    const signal = new Signal();
    expect(await signal.wait(stop.signal, 5)).toBe(false);
    const waiting = signal.wait(stop.signal, 60_000);
    await sleep(1);
    stop.abort();
    expect(await waiting).toBe(false);
    expect(await signal.wait(stop.signal)).toBe(false);
  });
});
