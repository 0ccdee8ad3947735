import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { formatVerifierKey } from '#proofs/signedNote';
import { ensureBuild } from '#scripts/ensure/build.mjs';
import { aKeeper, anEvent, checkpointOf, type Signer, someEvents } from '#test/audit/signedLedger';
import { runLading } from '#test/cli/runLading';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { compressed, wholeArchive } from './bundle.ts';
import type { Item } from './items.ts';
import { readAhead } from './readAhead.ts';

// Enough that the second thread reads most of them: it begins after 32 parts of 256 events.
const COUNT = 12_000;
const CHANGED = 11_111;

async function* itemsOf(events: readonly Buffer[], notes: readonly Buffer[]): AsyncGenerator<Item> {
  for (const note of notes) yield { kind: 'checkpoint', note };
  yield { kind: 'entries', first: 1, entries: events };
}

describe('a ledger that is read by two threads', () => {
  let folder: string;
  let keeper: Signer;
  let events: Buffer[];
  beforeAll(async () => {
    await ensureBuild();
    folder = await temporaryFolder('read-ahead');
    keeper = await aKeeper();
    events = someEvents(COUNT);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function verified(of: readonly Buffer[], ...signed: (readonly Buffer[])[]) {
    const notes = await Promise.all(signed.map((ones) => checkpointOf(ones, keeper)));
    const file = join(folder, 'one.bundle');
    const archive = wholeArchive({ kind: 'whole', ledger: 'nvidia', size: COUNT, keys: [] }, itemsOf(of, notes));
    await pipeline(compressed(archive), createWriteStream(file));
    const key = formatVerifierKey(keeper.key);
    const ran = await runLading(
      ['verify', '-l', 'nvidia', '--no-state', '--verifier-key', key, '--file', file, '--json'],
      {},
    );
    return { code: ran.code, said: JSON.parse(ran.output) as Record<string, unknown> };
  }

  it('is verified as by one', async () => {
    expect(await verified(events, events.slice(0, 6_000), events)).toMatchObject({ code: 0 });
  });

  it.each([
    ['says that it is another one', anEvent(CHANGED, { said: 5 })],
    ['is of another ledger', anEvent(CHANGED, { ledger: 'other' })],
    ['is no event', Buffer.from('{"ledger":"nvidia"')],
  ])('names an event that %s, although the log has signed it', async (_, changed) => {
    const others = events.with(CHANGED - 1, changed);
    expect(await verified(others, others)).toMatchObject({ code: 6, said: { first: CHANGED } });
  });

  it('finds that an event is not the one that was signed', async () => {
    const others = events.with(CHANGED - 1, anEvent(CHANGED, { quantity: 7 }));
    expect(await verified(others, events.slice(0, 6_000), events)).toMatchObject({
      code: 6,
      said: { first: 6_001, last: COUNT },
    });
  });

  it.skipIf(availableParallelism() < 2)('takes the second thread', () => {
    const program = `
      import { readAhead } from '#audit/readAhead';
      async function* source() { for (let first = 1; first < 60; first++) yield { kind: 'entries', first, entries: [Buffer.from('{}')] }; }
      let read = 0;
      for await (const item of readAhead(source(), { ledger: 'nvidia', fold: true })) if ((await item.read)?.leaves.length === 32) read++;
      console.log(read);`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { cwd: packageRoot });
    expect(String(printed)).toBe('28\n');
  });

  it('looks at what came before a failure of the source, whatever was read ahead', async () => {
    async function* failing(): AsyncGenerator<Item> {
      for (let first = 1; first <= 50; first += 1) yield { kind: 'entries', first, entries: [anEvent(first)] };
      throw new Error('cut off');
    }
    let seen = 0;
    const reading = (async () => {
      for await (const _ of readAhead(failing(), { ledger: 'nvidia', fold: true })) seen += 1;
    })();
    await expect(reading).rejects.toThrow('cut off');
    expect(seen).toBe(50);
  });
});
