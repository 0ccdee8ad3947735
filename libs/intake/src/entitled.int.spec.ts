import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EventType, eventTypes, serviceOf } from '#contracts/catalog';
import { everybody, rivals, sayings } from '#test/ledger/entitled';
import { cast, type Told } from '#test/ledger/facts';
import { event, intakeDatabase, startWritingApp, type WritingApp } from '#test/intake/writingApp';

const LEDGER = 'nvidia';
const EVENTS = `/v1/ledgers/${LEDGER}/events`;
const WRITING = ['shipments:write', 'reallocations:write', 'swaps:write'] as const;
type Headers = Record<string, string>;

let url: string;
let app: WritingApp;
let keys: ReadonlyMap<string, Headers>;
let head: number;

beforeAll(async () => {
  url = await intakeDatabase();
  app = await startWritingApp(url);
  await app.send('PUT', `/v1/ledgers/${LEDGER}`, { name: 'Rivals', keeper: 'nvidia' });
  const told = [...cast.slice(1), ...rivals];
  const { status, body } = await app.batch(told.map(eventOf), '?atomic=true');
  if (status !== 201) throw new Error(JSON.stringify(body));
  keys = new Map(
    await Promise.all(
      everybody.map(async (party) => [party, await app.keyed({ roles: [...WRITING], party })] as const),
    ),
  );
});
beforeEach(async () => {
  head = await app.head();
});
afterAll(() => app.close());

const eventOf = ({ type, data }: Pick<Told, 'type'> & { readonly data: unknown }) => event(type, data);

/** Each way to send one event, with what is answered about it. */
const FORMATS: Readonly<Record<string, (sent: Record<string, unknown>, headers: Headers) => Promise<unknown>>> = {
  'a CloudEvent': async (sent, headers) => (await app.submit(sent, headers)).body,
  'binary mode': async ({ data, ...attributes }, headers) => {
    const named = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, String(value)]));
    return (await app.send('POST', EVENTS, data, { 'content-type': 'application/json', ...named, ...headers })).body;
  },
  'a batch': async (sent, headers) => {
    const { body } = await app.batch([sent], '', headers);
    return (body.results as { problem: unknown }[])[0]?.problem;
  },
  'a dry run': async (sent, headers) => {
    const type = { 'content-type': 'application/cloudevents+json' };
    return (await app.send('POST', `${EVENTS}?dry-run=true`, sent, { ...type, ...headers })).body;
  },
  'an atomic batch': async (sent, headers) => (await app.batch([sent], '?atomic=true', headers)).body,
  'a stream': async (sent, headers) => (await app.stream(JSON.stringify(sent), headers))[0]?.problem,
};

/** Others of these events change what these say, so that there is nothing left to do. */
const DECIDED_EARLIER: readonly EventType[] = ['lading.order.line_changed.v1', 'lading.swap.executed.v1'];

/** Everybody else, with what they may not say. */
const foreign = (type: EventType) =>
  sayings[type].flatMap(({ data, may }) =>
    everybody.filter((party) => !may.includes(party)).map((party) => ({ party, data })),
  );

const taken = eventTypes.filter((type) => serviceOf(type) !== 'ledger');

describe('a key that speaks for a party', () => {
  it.each(taken)('cannot submit a %s that is not its own, in any format: 403 says who may', async (type) => {
    const refused = (party: string): unknown => expect.objectContaining({ status: 403, code: 'forbidden', party });
    for (const [format, send] of Object.entries(FORMATS)) {
      // What is decided does not depend on the format, so one stranger tries each of them.
      const { party, data } = foreign(type)[0]!;
      expect([format, await send(eventOf({ type, data }), keys.get(party)!)]).toEqual([format, refused(party)]);
    }
    for (const party of everybody) {
      const events = foreign(type).filter((one) => one.party === party);
      const { body } = await app.batch(
        events.map(({ data }) => eventOf({ type, data })),
        '',
        keys.get(party),
      );
      const problems = (body.results as { problem?: unknown }[]).map(({ problem }) => problem);
      expect(problems).toEqual(events.map(() => refused(party)));
    }
    expect(await app.head()).toBe(head);
  });

  const routed = taken.filter((type) => serviceOf(type) !== 'shipments');
  it.each(routed)('cannot say a %s that is not its own by its plain route', async (type) => {
    for (const [at, { party, data }] of foreign(type).entries()) {
      const { path, body } = routeOf(type, data);
      const headers = { 'idempotency-key': `${type}-${at}`, 'content-type': 'application/json', ...keys.get(party)! };
      const answer = await app.send('POST', `/v1/ledgers/${LEDGER}${path}`, body, headers);
      expect([party, data, answer]).toEqual([party, data, expect.objectContaining({ status: 403 })]);
    }
    expect(await app.head()).toBe(head);
  });

  it('finds the same 403 in each of the writing services', async () => {
    for (const service of ['shipments', 'reallocations', 'swaps'] as const) {
      const alone = await startWritingApp(url, { services: [service] });
      for (const type of taken.filter((one) => serviceOf(one) === service)) {
        for (const { party, data } of foreign(type).slice(0, 1)) {
          const { status } = await alone.submit(eventOf({ type, data }), keys.get(party));
          expect([type, party, status]).toEqual([type, party, 403]);
        }
      }
      await alone.close();
    }
    expect(await app.head()).toBe(head);
  });

  it('cannot learn by an event that is there, by If-Match or by an id whether something of others is there', async () => {
    const sent = eventOf({
      type: 'lading.order.line_cancelled.v1',
      data: { order: 'PO-1', line: '1', initiator: 'seller', quantity: 1 },
    });
    expect(await app.submit(sent, keys.get('nvidia'))).toMatchObject({ status: 201 });
    const amd = keys.get('amd')!;
    for (const one of [sent, { ...sent, data: { ...(sent.data as object), quantity: 2 } }]) {
      expect(await app.submit(one, amd)).toMatchObject({ status: 403, body: { party: 'amd' } });
      expect(await app.batch([one], '?atomic=true', amd)).toMatchObject({
        status: 403,
        body: { party: 'amd', index: 0 },
      });
    }
    const other = eventOf({ type: 'lading.order.line_cancelled.v1', data: sent.data });
    expect(await app.submit(other, { ...amd, 'if-match': '"1"' })).toMatchObject({ status: 403 });
    expect(await app.submit(sent, keys.get('nvidia'))).toMatchObject({ status: 200 });
  });

  it('may say in one atomic batch what becomes its own within it, and of a foreign event nothing is kept', async () => {
    const window = { from: '2024-01-01', to: '2024-01-31' };
    const lines = [{ line: '1', item: 'MI300', quantity: 3, window }];
    const placed = event('lading.order.placed.v1', { order: 'PO-B', buyer: 'x', supplier: 'amd', lines });
    const of = { order: 'PO-B', line: '1' };
    const sent = (to: object) =>
      event('lading.shipment.dispatched.v1', {
        shipment: 'S-B',
        consignee: 'x',
        carrier: 'ups',
        lines: [{ ...of, ...to }],
      });
    const foreignToo = [
      placed,
      sent({ quantity: 1 }),
      event('lading.order.line_cancelled.v1', { order: 'PO-1', line: '1', initiator: 'seller' }),
    ];
    expect(await app.batch(foreignToo, '?atomic=true', keys.get('amd'))).toMatchObject({
      status: 403,
      body: { index: 2 },
    });
    expect(await app.head()).toBe(head);
    const own = [placed, sent({ quantity: 1 })];
    expect(await app.batch(own, '?atomic=true', keys.get('amd'))).toMatchObject({ status: 201 });
    expect(await app.batch(own, '?atomic=true', keys.get('amd'))).toMatchObject({ status: 200 });
  });
});

describe('whoever is entitled', () => {
  const asked = taken.flatMap((type) =>
    sayings[type].flatMap(({ data, may }) => (may[0] === undefined ? [] : [{ type, data, party: may[0] }])),
  );
  it.each(asked)('$party says a $type, and the ledger decides about it', async ({ type, data, party }) => {
    const { status, body } = await app.submit(eventOf({ type, data }), keys.get(party));
    expect([201, 422]).toContain(status);
    if (!DECIDED_EARLIER.includes(type)) expect(body).toMatchObject({ ledger: LEDGER });
  });

  it('an admin acts for all, also when its key has a party, and so does a key without a party', async () => {
    for (const key of [{ roles: ['admin', ...WRITING] as const, party: 'amd' }, { roles: WRITING }]) {
      const headers = await app.keyed({ ...key, roles: [...key.roles] });
      const data = { order: 'PO-1', line: '1', owner: 'tesla', initiator: 'seller', quantity: 1 } as const;
      expect(await app.submit(eventOf({ type: 'lading.order.line_cancelled.v1', data }), headers)).toMatchObject({
        status: 201,
      });
    }
  });
});

function routeOf(type: EventType, data: object): { path: string; body: object } {
  if (type === 'lading.reallocation.made.v1') return { path: '/reallocations', body: data };
  if (type === 'lading.swap.proposed.v1') return { path: '/swaps', body: data };
  if (type === 'lading.units.held.v1') return { path: '/holds', body: data };
  if (type === 'lading.units.released.v1') {
    const { hold, ...body } = data as { hold: string };
    return { path: `/holds/${hold}/release`, body };
  }
  const { swap, ...body } = data as { swap: string };
  const steps = { accepted: 'acceptance', rejected: 'rejection', withdrawn: 'withdrawal', executed: 'execution' };
  const step = type.split('.')[2] as keyof typeof steps;
  return { path: `/swaps/${swap}/${steps[step]}`, body };
}
