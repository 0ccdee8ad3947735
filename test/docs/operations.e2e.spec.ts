import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';
import type { StatusRow } from '#contracts/statusRows';
import { eventually } from '#test/feed/eventually';
import { append } from '#test/feed/seedJournal';
import { anEvent } from '#test/feed/someEvents';
import { type Lading, startLading } from '#test/setup/startLading';
import { comparable, examplesIn } from './blocks.ts';
import { Shell } from './shell.ts';

/** These are walked on servers that are filled up, killed and restored: operationsDrills.e2e.spec.ts. */
const drills = ['The disk is full', 'A process has stopped', 'Restore from a backup'];
const examples = examplesIn(join(packageRoot, 'docs/operations.md')).filter(({ chapter }) => !drills.includes(chapter));

describe('the runbook docs/operations.md, walked as written on a Lading with a ledger that stands still, does what it says', () => {
  let lading: Lading;
  let shell: Shell;

  beforeAll(async () => {
    lading = await startLading();
    shell = new Shell(packageRoot, lading.environment);
    const place = { owner: 'a', custodian: 'b', stage: 'held' };
    const move = { item: 'GPU', order: 'PO-NONE', line: '1', quantity: 1, from: place, to: place };
    const poison = anEvent('stuck', 2);
    const event = JSON.parse(poison.bytes.toString()) as { data: object };
    const bytes = Buffer.from(JSON.stringify({ ...event, data: { ...event.data, moves: [move] } }));
    const well = [1, 2, 3].map((sequence) => anEvent('well', sequence));
    await append(lading.pool, [anEvent('stuck', 1), { ...poison, bytes }, ...well]);
    await eventually(async () => {
      const rows = await lading.client.list<StatusRow>('/v1/status');
      expect(rows.map(({ ledger, state, sequence }) => [ledger, state === 'parked', sequence])).toEqual([
        ['stuck', true, 1],
        ['well', false, 3],
      ]);
    });
  });
  afterAll(async () => {
    await shell.close();
    await lading.stop();
  });

  it('the ledger that stands still goes on taking events', async () => {
    const event = {
      ...{ specversion: '1.0', id: 'after', source: 'urn:test', time: '2024-01-01T00:00:00Z' },
      ...{ type: 'lading.party.registered.v1', data: { party: 'new', name: 'New', roles: ['customer'] } },
    };
    expect(await submitted(event)).toBe(201);
  });

  it.each(examples)('$where', async ({ script, prints }) => {
    const { code, output, said } = await shell.run(script);
    expect({ code, said: code === 0 ? '' : said }).toEqual({ code: 0, said: '' });
    if (prints !== undefined) expect(timeless(output)).toBe(timeless(prints));
  });

  it('has an example of each situation that can be walked', () => {
    expect(examples.length).toBeGreaterThan(5);
  });

  async function submitted(event: object): Promise<number> {
    const { LADING_PORT = '', LADING_DATA = '' } = lading.environment;
    const key = (await readFile(join(LADING_DATA, 'admin.key'), 'utf8')).trim();
    const answer = await fetch(`http://127.0.0.1:${LADING_PORT}/v1/ledgers/stuck/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify(event),
    });
    return answer.status;
  }
});

/** A rebuild takes its time. */
const timeless = (text: string): string => comparable(text).replaceAll(/[\d.,]+ s\b/g, '<time>');
