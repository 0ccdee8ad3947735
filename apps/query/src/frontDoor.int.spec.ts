import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { contractDocument } from '#apps/cli/src/up/contractDocument';
import { ADMIN_KEY, LEDGER, type QueryService, startQuery } from '#test/setup/startQuery';

let door: QueryService;
beforeAll(async () => {
  door = await startQuery();
});
afterAll(() => door.stop());

const send = (method: string, path: string, type: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${door.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': type, ...headers },
    body,
  });

describe('the front door', () => {
  it('takes events of every writing service and answers questions about them, on one port', async () => {
    let sequence = 0;
    for (const file of ['1-up-to-the-memo', '2-the-memo']) {
      const batch = readFileSync(new URL(`../../cli/src/scenarios/memo/${file}.json`, import.meta.url), 'utf8');
      const type = 'application/cloudevents-batch+json';
      const answer = await send('POST', `/v1/ledgers/${LEDGER}/events?atomic=true`, type, batch);
      expect(answer.status).toBe(201);
      const { results } = (await answer.json()) as { results: { sequence: number }[] };
      sequence = results.at(-1)!.sequence;
    }
    const { body } = await door.get(`/v1/ledgers/${LEDGER}/holdings?owner=x&min-sequence=${sequence}`);
    expect(body.data).toMatchObject([{ owner: 'x', custodian: 'x', item: 'H100', quantity: 12_000 }]);
  });

  it('opens ledgers, and has the plain routes of the allocation desk and of swaps', async () => {
    const opening = JSON.stringify({ name: 'West', keeper: 'maker' });
    expect((await send('PUT', '/v1/ledgers/west', 'application/json', opening)).status).toBe(201);
    for (const path of ['reallocations', 'swaps', 'swaps/SW-9/acceptance']) {
      const answer = await send('POST', `/v1/ledgers/west/${path}`, 'application/json', '{}');
      expect(await answer.json()).toMatchObject({ status: 400, code: 'idempotency-key-missing' });
    }
  });

  it('serves the document of the whole contract, the same that npm start serves', async () => {
    const { body } = await door.get<object>('/openapi.json', { key: null });
    expect(body).toEqual(JSON.parse(JSON.stringify(await contractDocument())));
  });
});
