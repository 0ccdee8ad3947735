import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  BATCH,
  CLOUD_EVENT,
  event,
  intakeDatabase,
  NDJSON,
  order,
  reassigned,
  startWritingApp,
  type WritingApp,
} from '#test/intake/writingApp';

const SERVICES = ['shipments', 'reallocations', 'swaps'] as const;
const apps: WritingApp[] = [];
let head: number;

beforeAll(async () => {
  const url = await intakeDatabase();
  for (const service of SERVICES) apps.push(await startWritingApp(url, { services: [service] }));
  const all = await startWritingApp(url);
  apps.push(all);
  await all.open();
});
beforeEach(async () => {
  head = await apps[0]!.head();
});
afterAll(() => Promise.all(apps.map((app) => app.close())));

const EVENTS = '/v1/ledgers/nvidia/events';
const sent = (type: string): string => {
  const one = order();
  return type === BATCH ? JSON.stringify([one, { ...order(), data: {} }]) : JSON.stringify(one);
};

describe.each(SERVICES.map((service, index) => [service, index] as const))(
  'the events route of %s',
  (_service, index) => {
    it.each([
      [NDJSON, '?atomic=true', '/atomic'] as const,
      [CLOUD_EVENT, '?atomic=true', '/atomic'] as const,
      ...[NDJSON, CLOUD_EVENT, BATCH].flatMap((type) =>
        ['?atomc=true', '?atomic=false&dry-run=1', '?dry-run=true&dry-run=true', '?dryrun=true', '?Atomic=true'].map(
          (query) => [type, query, `/${/(atomc|dryrun|dry-run|Atomic)/.exec(query)![0]}`] as const,
        ),
      ),
      ...['yes', 'TRUE', '1', '', 'true&atomic=true', 'false&atomic=true', 'true%00'].map(
        (value) => [BATCH, `?atomic=${value}`, '/atomic'] as const,
      ),
    ])('refuses what it would have to pass over, and records nothing: %s %s', async (type, query, pointer) => {
      const app = apps[index]!;
      const answer = await app.send('POST', `${EVENTS}${query}`, sent(type), { 'content-type': type });
      expect(answer).toMatchObject({ status: 400, body: { code: 'malformed', errors: [{ pointer }] } });
      expect(await app.head()).toBe(head);
    });
  },
);

describe('every writing route', () => {
  const made = () => reassigned('tesla', 'x', 'PO-1', 1);
  const step = { authorisedBy: 'x' };
  const routes: [method: string, path: string, type: string, body: () => unknown][] = [
    ['PUT', '/v1/ledgers/nvidia', 'application/json', () => ({ name: 'Nvidia allocations', keeper: 'nvidia' })],
    ['POST', EVENTS, CLOUD_EVENT, () => order()],
    ['POST', EVENTS, BATCH, () => [order()]],
    ['POST', EVENTS, NDJSON, () => JSON.stringify(event('lading.order.placed.v1', {}))],
    ['POST', '/v1/ledgers/nvidia/reallocations', 'application/json', made],
    ['POST', '/v1/ledgers/nvidia/holds', 'application/json', () => step],
    ['POST', '/v1/ledgers/nvidia/holds/H-1/release', 'application/json', () => step],
    ['POST', '/v1/ledgers/nvidia/swaps', 'application/json', () => step],
    ...['acceptance', 'rejection', 'withdrawal', 'execution'].map((name): [string, string, string, () => unknown] => [
      'POST',
      `/v1/ledgers/nvidia/swaps/SW-1/${name}`,
      'application/json',
      () => step,
    ]),
  ];

  it.each(routes)('%s %s (%s) refuses headers that ask for what is not done', async (method, path, type, body) => {
    const headers: Record<string, string>[] = [
      { 'content-range': 'bytes 0-10/100' },
      { 'if-none-match': '*' },
      { 'if-unmodified-since': 'Fri, 01 Dec 2023 00:00:00 GMT' },
      { 'x-http-method-override': 'DELETE' },
      ...(method === 'PUT' ? [{ 'if-match': '"1"' }] : []),
    ];
    for (const more of headers) {
      const all = { 'content-type': type, 'idempotency-key': 'k-1', ...more };
      const answer = await apps[3]!.send(method, path, body(), all);
      expect({ more, status: answer.status, code: answer.body.code }).toEqual({ more, status: 400, code: 'malformed' });
    }
    expect(await apps[3]!.head()).toBe(head);
  });

  it('a preference may be passed over, as RFC 7240 says, an Idempotency-Key asks for what ids do, and atomic=false is true of anything', async () => {
    const answer = await apps[3]!.send('POST', `${EVENTS}?atomic=false`, order(), {
      'content-type': CLOUD_EVENT,
      prefer: 'return=minimal',
      'idempotency-key': 'k-2',
    });
    expect(answer.status).toBe(201);
    expect((await apps[3]!.batch([order()], '?atomic=true')).status).toBe(201);
  });
});
