import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { readEvents } from '../../readEvents.ts';
import { routeOver, submitEvents } from '../../submitEvents.ts';
import type { FlagRow } from '#contracts/flagRows';
import type { HoldingGroupRow } from '#contracts/rows';
import { type Lading, startLading } from '#test/setup/startLading';

describe('the memo read the other way: reassigned before shipping, then dispatched to X directly', () => {
  let lading: Lading;
  let sequence = 0;

  beforeAll(async () => {
    lading = await startLading();
    const { client } = lading;
    const body = JSON.stringify({ name: 'Nvidia allocations', keeper: 'nvidia' });
    await client.send('PUT', '/v1/ledgers/nvidia', { type: 'application/json', body });
    const route = routeOver({ shipments: client, reallocations: client, swaps: client });
    const story = readEvents(fileURLToPath(new URL('./story.json', import.meta.url)));
    for await (const result of submitEvents(route, 'nvidia', story)) {
      expect(result).toMatchObject({ status: 201 });
      sequence = result.sequence ?? 0;
    }
  });
  afterAll(() => lading.stop());

  const ask = <R>(path: string) =>
    lading.client.list<R>(
      `/v1/ledgers/nvidia/${path}${path.includes('?') ? '&' : '?'}min-sequence=${String(sequence)}`,
    );

  it('ends in the same holdings as the swap: X holds 12,000, Tesla is promised 6,000 + 6,000', async () => {
    const rows = await ask<HoldingGroupRow>('holdings?groupBy=owner,order,line,stage');
    expect(rows).toEqual(
      expect.arrayContaining([
        { owner: 'x', order: 'PO-TSLA-1', line: '1', stage: 'held', quantity: 12_000 },
        { owner: 'tesla', order: 'PO-X-1', line: '1', stage: 'ordered', quantity: 6_000 },
        { owner: 'tesla', order: 'PO-X-1', line: '2', stage: 'ordered', quantity: 6_000 },
      ]),
    );
    expect(rows).toHaveLength(3);
  });

  it('flags the related parties and the redirected units, and no diversion: a reallocation stands behind it', async () => {
    const rules = (await ask<FlagRow>('flags')).map(({ rule }) => rule);
    // Tesla's lines are late by now.
    expect([...new Set(rules)].sort()).toEqual(['overdue-line', 'redirected', 'related-party']);
  });

  it('leaves nothing owed: two reallocations are not a swap', async () => {
    expect(await ask('swaps')).toEqual([]);
  });

  it('keeps every item at zero over all accounts', async () => {
    expect(await ask('holdings?accounts=all&groupBy=item')).toEqual([{ item: 'H100', quantity: 0 }]);
  });
});
