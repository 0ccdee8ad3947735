import { describe, expect, it, vi } from 'vitest';
import { type Verified, Verifier } from '#audit/verifier';
import { aKeeper, anEvent, checkpointOf } from '#test/audit/signedLedger';
import { tellVerified } from './tellVerified.ts';

/** What is told of a ledger whose checkpoint covers the first `covered` of `count` events. */
async function told(covered: number, count: number): Promise<string> {
  const keeper = await aKeeper();
  const entries = Array.from({ length: count }, (_, n) => anEvent(n + 1));
  const trust = { keys: [keeper.key], witnesses: [], quorum: 0 };
  const verifier = new Verifier({ ledger: 'nvidia', trust, fold: true });
  const verified: Verified = await verifier.verify(
    (async function* () {
      yield { kind: 'entries' as const, first: 1, entries: entries.slice(0, covered) };
      yield { kind: 'checkpoint' as const, note: await checkpointOf(entries.slice(0, covered), keeper) };
      yield { kind: 'checkpoint' as const, note: await checkpointOf(entries.slice(0, covered), await aKeeper()) };
      yield { kind: 'entries' as const, first: covered + 1, entries: entries.slice(covered) };
    })(),
  );
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(String(line)));
  try {
    await tellVerified({ ledger: 'nvidia' }, verified, verifier);
  } finally {
    log.mockRestore();
  }
  return lines.join('\n');
}

describe('what is told of a ledger that is verified', () => {
  it('is said of one as of one, and of several as of several', async () => {
    const one = await told(1, 2);
    expect(one).toMatch(/^nvidia is verified: its first event is the one that localhost\/test\/nvidia signed\.$/m);
    expect(one).toMatch(/held against 1 checkpoint$/m);
    expect(one).toMatch(/1 event was read after that \(up to 2\): no checkpoint covers it yet$/m);
    expect(one).toMatch(/1 checkpoint is signed by another key, and was passed over$/m);
    const several = await told(1_100, 1_102);
    expect(several).toMatch(/its first 1,100 events are those that localhost\/test\/nvidia signed\.$/m);
    expect(several).toMatch(/2 events were read after those \(up to 1102\): no checkpoint covers them yet$/m);
  });
});
