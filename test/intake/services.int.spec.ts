import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { once } from 'node:events';
import { type ServiceProcess, startProcess } from './serviceProcess.ts';
import { ADMIN, BATCH, CLOUD_EVENT, event, intakeDatabase, order, reassigned } from './writingApp.ts';

const SERVICES = ['shipments', 'reallocations', 'swaps'] as const;
type Name = (typeof SERVICES)[number];

let processes: Record<Name, ServiceProcess>;

beforeAll(async () => {
  const url = await intakeDatabase();
  const started = await Promise.all(SERVICES.map((name) => startProcess(name, url)));
  processes = Object.fromEntries(SERVICES.map((name, n) => [name, started[n]])) as Record<Name, ServiceProcess>;
});
afterAll(() => Promise.all(Object.values(processes).map((one) => one.stop())));

async function send(
  to: Name,
  method: string,
  path: string,
  type: string,
  body: unknown,
  key = 'k',
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${processes[to].base}${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN}`, 'content-type': type, 'idempotency-key': key },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
const submit = (to: Name, sent: unknown) => send(to, 'POST', '/v1/ledgers/nvidia/events', CLOUD_EVENT, sent);
const party = (name: string, role: string) => event('lading.party.registered.v1', { party: name, name, roles: [role] });

describe('the three writing services, each a process of its own on one database', () => {
  it('three writing services write one ledger: each decides on what the others took in', async () => {
    expect(
      await send('shipments', 'PUT', '/v1/ledgers/nvidia', 'application/json', { name: 'Nvidia', keeper: 'nvidia' }),
    ).toMatchObject({ status: 201 });
    const cast = [
      party('nvidia', 'supplier'),
      party('tesla', 'customer'),
      party('x', 'customer'),
      event('lading.item.registered.v1', { item: 'H100', name: 'H100', tracking: 'quantity' }),
      order({}, { name: 'PO-T', quantity: 10 }),
      order({}, { name: 'PO-X', quantity: 10, buyer: 'x' }),
    ];
    expect(await send('shipments', 'POST', '/v1/ledgers/nvidia/events?atomic=true', BATCH, cast)).toMatchObject({
      status: 201,
    });
    const plain = (to: Name, path: string, body: unknown, key: string) =>
      send(to, 'POST', `/v1/ledgers/nvidia/${path}`, 'application/json', body, key);
    expect(await plain('reallocations', 'reallocations', reassigned('tesla', 'x', 'PO-T', 4), 'r')).toMatchObject({
      status: 201,
      body: { sequence: 8 },
    });
    const legs = [
      { from: 'tesla', to: 'x', order: 'PO-T', line: '1', quantity: 6 },
      { from: 'x', to: 'tesla', order: 'PO-X', line: '1', quantity: 6 },
    ];
    expect(await plain('swaps', 'swaps', { swap: 'SW', by: 'x', legs }, 'p')).toMatchObject({
      status: 201,
      body: { sequence: 9 },
    });
    expect(await plain('swaps', 'swaps/SW/acceptance', { by: 'tesla' }, 'a')).toMatchObject({ status: 201 });
    expect(await plain('swaps', 'swaps/SW/execution', { by: 'tesla' }, 'e')).toMatchObject({
      status: 201,
      body: { sequence: 11 },
    });
    const more = event('lading.order.line_cancelled.v1', {
      order: 'PO-T',
      line: '1',
      owner: 'tesla',
      initiator: 'seller',
    });
    expect(await submit('shipments', more)).toMatchObject({
      status: 422,
      body: { code: expect.any(String) as unknown },
    }); // Tesla has nothing of it left
  });

  it('a writing service takes its own event types, and names the service that takes the others', async () => {
    const samples: Readonly<Record<Name, unknown>> = {
      shipments: party('dhl', 'carrier'),
      reallocations: event('lading.reallocation.made.v1', reassigned('x', 'tesla', 'PO-T', 1)),
      swaps: event('lading.swap.accepted.v1', { swap: 'SW', by: 'x' }),
    };
    for (const to of SERVICES) {
      for (const other of SERVICES.filter((name) => name !== to)) {
        expect(await submit(to, samples[other])).toMatchObject({
          status: 400,
          body: { code: 'type-not-served-here', service: other },
        });
      }
      expect((await submit(to, samples[to])).body.code).not.toBe('type-not-served-here');
    }
  });

  it('a writing service has the routes of its own users, and no others', async () => {
    for (const to of SERVICES) {
      const ledger = await send(to, 'PUT', '/v1/ledgers/nvidia', 'application/json', {
        name: 'Nvidia',
        keeper: 'nvidia',
      });
      const desk = await send(to, 'POST', '/v1/ledgers/nvidia/reallocations', 'application/json', {});
      const hold = await send(to, 'POST', '/v1/ledgers/nvidia/holds', 'application/json', {});
      const swap = await send(to, 'POST', '/v1/ledgers/nvidia/swaps', 'application/json', {});
      expect([ledger.status, desk.status, hold.status, swap.status]).toEqual([
        to === 'shipments' ? 200 : 404,
        to === 'reallocations' ? 400 : 404,
        to === 'reallocations' ? 400 : 404,
        to === 'swaps' ? 400 : 404,
      ]);
    }
  });

  it('a writing service describes its own part of the interface, and shows it as a page', async () => {
    for (const to of SERVICES) {
      const get = async (path: string) => await fetch(`${processes[to].base}${path}`);
      const document = (await (await get('/openapi.json')).json()) as { info: { title: string }; paths: object };
      expect(document.info.title).toBe(`Lading: the service ${to}`);
      const own = { shipments: /ledger}$/, reallocations: /reallocations$|holds/, swaps: /swaps/ }[to];
      // What each of them takes, whatever its part is.
      const every = /\/(events|voids)$/;
      const paths = Object.keys(document.paths).filter((path) => path.startsWith('/v1') && !every.test(path));
      expect([to, paths.filter((path) => !own.test(path)), paths.length > 0]).toEqual([to, [], true]);
      expect(Object.keys(document.paths)).toContain('/v1/ledgers/{ledger}/events');
      const page = await get('/docs');
      expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    }
  });

  it('a writing service says in /metrics what its journal does', async () => {
    const read = async (headers: Record<string, string>) =>
      (await fetch(`${processes.shipments.base}/metrics`, { headers })).text();
    expect(await read({})).not.toContain('nvidia');
    expect(await read({})).toMatch(/^lading_journal_events_total \d+$/m);
    const metrics = await read({ authorization: `Bearer ${ADMIN}` });
    expect(metrics).toContain('nodejs_eventloop_lag_seconds');
    const value = (line: string) =>
      Number(
        metrics
          .split('\n')
          .find((one) => one.startsWith(`${line} `))
          ?.split(' ')[1],
      );
    expect(value('lading_journal_append_seconds_count')).toBeGreaterThan(0);
    expect(value('lading_journal_events_total{ledger="nvidia"}')).toBeGreaterThan(5);
    expect(metrics).toMatch(/lading_journal_rejections_total\{code="[a-z-]+"\} 1/);
  });

  it('a writing service stops cleanly when it is told to', async () => {
    for (const { child } of Object.values(processes)) {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await exit).toEqual([0, null]);
    }
  });
});
