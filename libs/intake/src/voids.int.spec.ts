import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEvent } from '#journal/reader';
import { event, intakeDatabase, order, startWritingApp, type WritingApp } from '#test/intake/writingApp';

let app: WritingApp;
/** Another process that writes the same ledger, and remembers what it read. */
let other: WritingApp;
beforeAll(async () => {
  const url = await intakeDatabase();
  app = await startWritingApp(url);
  await app.open();
  for (const item of ['D1', 'D2'])
    await app.submit(event('lading.item.registered.v1', { item, name: 'Dojo tile', tracking: 'serial' }));
  other = await startWritingApp(url);
});
afterAll(async () => {
  await app.close();
  await other.close();
});

const kept = async (sequence: number) =>
  JSON.parse(String((await readEvent(app.pool, 'nvidia', sequence))?.bytes)) as Record<string, unknown> & {
    data: Record<string, unknown>;
  };
let keys = 0;
const takeBack = (sequence: number, rest: object = {}, headers: Record<string, string> = {}, by = app) =>
  by.send(
    'POST',
    '/v1/ledgers/nvidia/voids',
    { sequence, reason: 'did_not_occur', ...rest },
    {
      'idempotency-key': `void-${++keys}`,
      ...headers,
    },
  );
const sequenceOf = ({ body }: { body: Record<string, unknown> }) => Number(body.sequence);
const dispatch = (shipment: string, of: string, quantity: number, rest: object = {}, line: object = {}) =>
  event('lading.shipment.dispatched.v1', {
    ...{ shipment, consignee: 'tesla', carrier: 'dhl', ...rest },
    lines: [{ order: of, line: '1', quantity, ...line }],
  });
const voiding = (sequence: number, time: unknown, rest: object = { reason: 'did_not_occur' }) => ({
  ...event('lading.event.voided.v1', { sequence, ...rest }),
  time,
});

describe('taking a fact back', () => {
  it('a fact that is taken back has its time, its moves turned round and what it said, and is taken back once', async () => {
    const placed = sequenceOf(
      await app.submit(order({ time: '2024-01-05T10:00:00+02:00' }, { name: 'PO-1', quantity: 9 })),
    );
    const answer = await takeBack(placed, { note: 'entered twice' });
    expect(answer).toMatchObject({ status: 201, body: { sequence: placed + 1 } });
    expect(await kept(placed + 1)).toMatchObject({
      time: '2024-01-05T10:00:00+02:00',
      subject: `event/${placed}`,
      data: {
        ...{ sequence: placed, reason: 'did_not_occur', note: 'entered twice' },
        voided: { type: 'lading.order.placed.v1', subject: 'order/PO-1', data: { order: 'PO-1' } },
        moves: [{ quantity: 9, from: { stage: 'ordered' }, to: { stage: 'supply' } }],
      },
    });
    expect(await takeBack(placed)).toMatchObject({
      status: 422,
      body: { code: 'already-voided', voidedBy: placed + 1 },
    });
    expect(await takeBack(placed + 1)).toMatchObject({ status: 422, body: { code: 'not-supported', voids: placed } });
    expect(await takeBack(1)).toMatchObject({ status: 422, body: { code: 'not-supported' } });
    expect(await takeBack(placed + 99)).toMatchObject({ status: 422, body: { code: 'unknown-event' } });
  });

  it('what a fact began is free again, also for a process that knew it, and another time than the fact’s is refused with the right one', async () => {
    const placed = sequenceOf(await app.submit(order({}, { name: 'PO-2', quantity: 9 })));
    expect((await other.submit(order({}, { name: 'PO-2', quantity: 9 }))).body.code).toBe('already-exists');
    const { time } = await kept(placed);
    expect((await app.submit(voiding(placed, '2024-01-01T00:00:00Z'))).body).toMatchObject({
      code: 'wrong-time',
      occurred: time,
    });
    expect(await app.submit(voiding(placed, time))).toMatchObject({ status: 201 });
    expect(await other.submit(order({}, { name: 'PO-2', quantity: 12 }))).toMatchObject({ status: 201 });
    expect(await app.submit(dispatch('S-2', 'PO-2', 12))).toMatchObject({ status: 201 });
  });

  it('what stands on a fact is named, and taken back with it in one batch; what corrects it is in the same batch', async () => {
    const placed = sequenceOf(await app.submit(order({}, { name: 'PO-3', quantity: 10 })));
    const sent = sequenceOf(await app.submit(dispatch('S-3', 'PO-3', 4)));
    const received = sequenceOf(
      await app.submit(
        event('lading.shipment.received.v1', {
          shipment: 'S-3',
          by: 'tesla',
          lines: [{ order: 'PO-3', line: '1', received: 4 }],
        }),
      ),
    );
    const refused = await takeBack(sent);
    expect(refused).toMatchObject({
      status: 422,
      body: {
        code: 'depends-on-it',
        dependants: [{ sequence: received, type: 'lading.shipment.received.v1', needs: 'shipment/S-3' }],
      },
    });
    const [sentAt, receivedAt] = [(await kept(sent)).time, (await kept(received)).time];
    const right: Record<string, unknown> = { ...dispatch('S-3', 'PO-3', 5), time: sentAt };
    const corrections = [{ source: right.source, id: right.id }];
    const wrong = { reason: 'incorrect_data', corrections };
    expect((await app.submit(voiding(received, receivedAt, wrong))).body).toMatchObject({
      code: 'not-in-the-batch',
      corrections,
    });
    const batch = [voiding(received, receivedAt), voiding(sent, sentAt, wrong), right];
    const tried = await app.batch(batch, '?atomic=true&dry-run=true');
    expect(tried).toMatchObject({ status: 201 });
    expect(tried.headers.get('lading-dry-run')).toBe('true');
    expect(await app.batch(batch, '?atomic=true')).toMatchObject({ status: 201 });
    // Another process decides on what stands.
    expect(await other.submit(dispatch('S-4', 'PO-3', 6))).toMatchObject({
      body: { code: 'insufficient-quantity', available: 5 },
    });
    expect((await takeBack(placed)).body).toMatchObject({ code: 'depends-on-it' });
  });

  it('a change that was taken back with its order is told so, also in a dry run', async () => {
    const placed = sequenceOf(await app.submit(order({}, { name: 'PO-4', quantity: 10 })));
    const changed = sequenceOf(
      await app.submit(
        event('lading.order.line_changed.v1', { order: 'PO-4', line: '1', initiator: 'buyer', quantity: 9 }),
      ),
    );
    for (const sequence of [changed, placed]) expect(await takeBack(sequence)).toMatchObject({ status: 201 });
    const again = voiding(changed, (await kept(changed)).time);
    for (const query of ['', '&dry-run=true'])
      expect(await app.batch([again], `?atomic=true${query}`)).toMatchObject({
        status: 422,
        body: { code: 'already-voided' },
      });
  });

  describe('all that stands on a fact is taken back with it in one batch', () => {
    const receipt = (shipment: string, of: string) =>
      event('lading.shipment.received.v1', {
        ...{ shipment, by: 'tesla' },
        lines: [{ order: of, line: '1', owner: 'tesla', received: 1 }],
      });
    const handed = (of: string) => (n: number) => {
      const [from, to] = n % 2 === 0 ? ['tesla', 'x'] : ['x', 'tesla'];
      const lines = [{ order: of, line: '1', owner: 'tesla', quantity: 1 }];
      return event('lading.custody.transferred.v1', { from, to, lines, note: `${n}` });
    };
    const sentAndReceived = (of: string) => (n: number) =>
      n % 2 === 0 ? dispatch(`${of}-${n}`, of, 1) : receipt(`${of}-${n - 1}`, of);
    const numbered = (of: string) => (n: number) =>
      n % 2 === 0 ? dispatch(`${of}-${n}`, of, 1, {}, { serials: [`${of}-${n}`] }) : receipt(`${of}-${n - 1}`, of);
    const proposed = (of: string) => (n: number) => {
      const leg = { order: of, line: '1', quantity: 1 };
      const legs = [
        { from: 'tesla', to: 'x', ...leg },
        { from: 'x', to: 'tesla', ...leg },
      ];
      return event('lading.swap.proposed.v1', { swap: `${of}-${n}`, by: 'tesla', legs });
    };
    const ordered = (of: string) => (n: number) =>
      n % 2 === 0 ? order({}, { name: `${of}-${n}`, quantity: 1 }) : dispatch(`${of}-${n - 1}`, `${of}-${n - 1}`, 1);

    /** Records what stands on a fact, all of it, and answers what takes all of it back, in the order of the refusal. */
    async function voidsOfAll(first: number, standing: readonly ReturnType<typeof event>[]) {
      expect(await app.batch([...standing], '?atomic=true')).toMatchObject({ status: 201 });
      const { body } = await takeBack(first);
      expect(body).toMatchObject({ code: 'depends-on-it' });
      const dependants = (body.dependants as readonly { readonly sequence: number }[]).map(({ sequence }) => sequence);
      expect(dependants).toEqual(standing.map((_, n) => first + standing.length - n));
      const times = new Map<number, unknown>(standing.map(({ time }, n) => [first + 1 + n, time]));
      times.set(first, (await kept(first)).time);
      return [...dependants, first].map((sequence) => voiding(sequence, times.get(sequence)));
    }

    it.each([
      ['800 transfers of one unit, with something else that is said of the order later', 800, 'H100', handed],
      ['200 dispatches and receipts of an order', 200, 'H100', sentAndReceived],
      ['200 dispatches and receipts of units with serial numbers', 200, 'D1', numbered],
      ['200 swaps that name the order and move nothing', 200, 'H100', proposed],
    ])('%s', async (_, many, item, kind) => {
      const of = `PO-${kind.name}`;
      const lines = [{ line: '1', item, quantity: 1_000, window: { from: '2023-12-01', to: '2023-12-31' } }];
      const placed = { order: of, buyer: 'tesla', supplier: 'nvidia', lines };
      let first = sequenceOf(await app.submit(event('lading.order.placed.v1', placed)));
      if (kind === handed) {
        await app.submit(dispatch(`S-${of}`, of, 1));
        first = sequenceOf(await app.submit(receipt(`S-${of}`, of)));
      }
      const batch = await voidsOfAll(
        first,
        Array.from({ length: many }, (__, n) => kind(of)(n)),
      );
      if (kind === handed) await app.submit(dispatch(`S-${of}-2`, of, 1));
      expect(await app.batch(batch, '?atomic=true')).toMatchObject({ status: 201 });
      expect((await takeBack(first)).body).toMatchObject({ code: 'already-voided' });
    });

    it('200 orders and dispatches of an item, and not without one of them', async () => {
      const item = event('lading.item.registered.v1', { item: 'H100B', name: 'H100', tracking: 'quantity' });
      const first = sequenceOf(await app.submit(item));
      const of = (n: number) => {
        const one = ordered('PO-ofItem')(n);
        const { lines, ...data } = one.data as { lines: readonly object[] };
        return n % 2 === 0 ? { ...one, data: { ...data, lines: [{ ...lines[0], item: 'H100B' }] } } : one;
      };
      const batch = await voidsOfAll(
        first,
        Array.from({ length: 200 }, (_, n) => of(n)),
      );
      const without = batch.filter((__, n) => n !== 198 && n !== 199);
      expect(await app.batch(without, '?atomic=true')).toMatchObject({
        status: 422,
        body: { code: 'depends-on-it', dependants: [{ sequence: first + 2 }, { sequence: first + 1 }] },
      });
      expect(await app.batch(batch, '?atomic=true')).toMatchObject({ status: 201 });
    });

    const window = { from: '2023-12-01', to: '2023-12-31' };
    const numberedOrder = async (name: string, quantity: number) =>
      sequenceOf(
        await app.submit(
          event('lading.order.placed.v1', {
            ...{ order: name, buyer: 'tesla', supplier: 'nvidia' },
            lines: [{ line: '1', item: 'D2', quantity, window }],
          }),
        ),
      );

    it('100 dispatches of units with serial numbers, each of them also of an order of its own, which are then nobody’s', async () => {
      for (let n = 0; n < 100; n++) await numberedOrder(`PO-own-${n}`, 1);
      const first = await numberedOrder('PO-own', 100);
      const units = (n: number) => [`own-${n}`, `other-${n}`];
      const sent = (n: number) => {
        const [one, two] = units(n);
        const data = { shipment: `S-own-${n}`, consignee: 'tesla', carrier: 'dhl' };
        const lines = [
          { order: 'PO-own', line: '1', quantity: 1, serials: [one] },
          { order: `PO-own-${n}`, line: '1', quantity: 1, serials: [two] },
        ];
        return event('lading.shipment.dispatched.v1', { ...data, lines });
      };
      const batch = await voidsOfAll(
        first,
        Array.from({ length: 100 }, (_, n) => sent(n)),
      );
      expect(await app.batch(batch, '?atomic=true')).toMatchObject({ status: 201 });
      await numberedOrder('PO-own', 200);
      const again = event('lading.shipment.dispatched.v1', {
        ...{ shipment: 'S-own', consignee: 'tesla', carrier: 'dhl' },
        lines: [
          {
            order: 'PO-own',
            line: '1',
            quantity: 200,
            serials: Array.from({ length: 100 }, (_, n) => units(n)).flat(),
          },
        ],
      });
      expect(await app.submit(again)).toMatchObject({ status: 201 });
    });

    it('and where that is more than one batch takes back, the refusal names those that one does', async () => {
      await numberedOrder('PO-far', 900);
      // Numbers that do not follow each other: each is moved by itself.
      const serials = Array.from({ length: 900 }, (_, n) => `F${100_000 + n * 17}`);
      await app.submit(dispatch('S-far', 'PO-far', 900, {}, { serials }));
      const line = { order: 'PO-far', line: '1', owner: 'tesla' };
      const received = { shipment: 'S-far', by: 'tesla', lines: [{ ...line, received: 900 }] };
      const first = sequenceOf(await app.submit(event('lading.shipment.received.v1', received)));
      const moved = Array.from({ length: 30 }, (_, n) => {
        const [from, to] = n % 2 === 0 ? ['tesla', 'x'] : ['x', 'tesla'];
        const lines = [{ ...line, quantity: 900, serials }];
        return event('lading.custody.transferred.v1', { from, to, lines, note: `${n}` });
      });
      expect(await app.batch(moved, '?atomic=true')).toMatchObject({ status: 201 });
      const { body } = await takeBack(first);
      const named = Array.from({ length: 21 }, (_, n) => first + 30 - n);
      expect(body).toMatchObject({ code: 'not-supported', events: 30, first: named });
      const voidOf = (sequence: number) => voiding(sequence, moved[sequence - first - 1]?.time);
      expect(await app.batch(named.map(voidOf), '?atomic=true')).toMatchObject({ status: 201 });
      const rest = (await takeBack(first)).body.dependants as readonly { readonly sequence: number }[];
      expect(rest.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 9 }, (_, n) => first + 9 - n));
      const all = [...rest.map(({ sequence }) => voidOf(sequence)), voiding(first, (await kept(first)).time)];
      expect(await app.batch(all, '?atomic=true')).toMatchObject({ status: 201 });
      expect(await app.submit(event('lading.shipment.received.v1', { ...received, by: 'x' }))).toMatchObject({
        status: 201,
      });
    });
  });

  it('an order with a name that a thousand later events have for something else is taken back, as the refusal that names it says', async () => {
    const party = event('lading.party.registered.v1', { party: 'newcomer', name: 'New', roles: ['customer'] });
    const first = sequenceOf(await app.submit(party));
    const orders = ['PO-N1', 'PO-N2', 'PO-N3', 'PO-N4', '1'].map((name) =>
      order({}, { name, quantity: 1, buyer: 'newcomer' }),
    );
    expect(await app.batch(orders, '?atomic=true')).toMatchObject({ status: 201 });
    await app.submit(order({}, { name: 'PO-Z', quantity: 1 }));
    const leg = { order: 'PO-Z', line: '1', quantity: 1 };
    const legs = [
      { from: 'tesla', to: 'x', ...leg },
      { from: 'x', to: 'tesla', ...leg },
    ];
    for (const part of ['A', 'B']) {
      const some = Array.from({ length: 501 }, (_, n) =>
        event('lading.swap.proposed.v1', { swap: `${part}-${n}`, by: 'tesla', legs }),
      );
      expect(await app.batch(some, '?atomic=true')).toMatchObject({ status: 201 });
    }
    const { body } = await takeBack(first);
    const dependants = body.dependants as readonly { readonly sequence: number }[];
    expect(dependants.map(({ sequence }) => sequence)).toEqual([5, 4, 3, 2, 1].map((n) => first + n));
    const all = [...dependants.map(({ sequence }) => sequence), first];
    const batch = await Promise.all(all.map(async (sequence) => voiding(sequence, (await kept(sequence)).time)));
    expect(await app.batch(batch, '?atomic=true')).toMatchObject({ status: 201 });
  });

  it('serial numbers that a fact gave by mistake are nobody’s any more, and others are given in their place', async () => {
    const lines = [{ line: '1', item: 'D1', quantity: 3, window: { from: '2023-12-01', to: '2023-12-31' } }];
    await app.submit(event('lading.order.placed.v1', { order: 'PO-D', buyer: 'tesla', supplier: 'nvidia', lines }));
    const wrong = sequenceOf(await app.submit(dispatch('S-D', 'PO-D', 2, {}, { serials: ['A-1', 'A-2'] })));
    expect(await takeBack(wrong)).toMatchObject({ status: 201 });
    const named = () => app.pool.query(`SELECT * FROM journal.units WHERE ledger = 'nvidia' AND item = 'D1'`);
    expect((await named()).rows).toEqual([]);
    // So many that the void cannot name them twice.
    const many = Array.from({ length: 900 }, (_, n) => `GPU-${n}-${'x'.repeat(20)}${n % 7}`);
    const large = { order: 'PO-DD', buyer: 'tesla', supplier: 'nvidia', lines: [{ ...lines[0], quantity: 900 }] };
    await app.submit(event('lading.order.placed.v1', large));
    const sent = sequenceOf(await app.submit(dispatch('S-DD', 'PO-DD', 900, {}, { serials: many })));
    expect((await named()).rows).not.toEqual([]);
    expect(await takeBack(sent)).toMatchObject({ status: 201 });
    expect((await named()).rows).toEqual([]);
    expect(await app.submit(dispatch('S-D', 'PO-D', 3, {}, { serials: ['B-1', 'B-2', 'A-2'] }))).toMatchObject({
      status: 201,
    });
  });

  it('a unit that a dispatch took from what another order had cancelled is back there when the dispatch is taken back', async () => {
    const lines = (serials?: string[]) => [
      {
        line: '1',
        item: 'D1',
        quantity: 3,
        window: { from: '2023-12-01', to: '2023-12-31' },
        ...(serials && { serials }),
      },
    ];
    const parties = { buyer: 'tesla', supplier: 'nvidia' };
    const named = { order: 'PO-E', ...parties, lines: lines(['E-1', 'E-2', 'E-3']) };
    await app.submit(event('lading.order.placed.v1', named));
    const less = { order: 'PO-E', line: '1', initiator: 'buyer', quantity: 2, serials: ['E-1'] };
    expect(await app.submit(event('lading.order.line_changed.v1', less))).toMatchObject({ status: 201 });
    await app.submit(event('lading.order.placed.v1', { order: 'PO-F', ...parties, lines: lines() }));
    const sent = sequenceOf(await app.submit(dispatch('S-F', 'PO-F', 2, {}, { serials: ['E-1', 'F-2'] })));
    const placeOf = async () =>
      (
        await app.pool.query<{ account: string }>(
          `SELECT account FROM journal.units WHERE ledger = 'nvidia' AND item = 'D1' AND prefix = 'E-' AND first = 1`,
        )
      ).rows;
    expect((await placeOf())[0]?.account).toContain('|in_transit|');
    expect(await takeBack(sent)).toMatchObject({ status: 201 });
    expect((await placeOf())[0]?.account).toContain('|PO-E|1|cancelled|');
  });

  it('only its submitter or an admin takes a fact back, with the role that its type needs', async () => {
    const erp = await app.keyed({ name: 'erp', roles: ['shipments:write'] });
    const rival = await app.keyed({ name: 'rival', roles: ['shipments:write'] });
    const desk = await app.keyed({ name: 'desk', roles: ['reallocations:write'] });
    const tesla = await app.keyed({ name: 'tesla', roles: ['shipments:write'], party: 'tesla' });
    const placed = sequenceOf(await app.submit(order({}, { name: 'PO-5', quantity: 9 }), erp));
    for (const key of [rival, desk, tesla]) expect(await takeBack(placed, {}, key)).toMatchObject({ status: 403 });
    expect(await takeBack(placed, {}, erp)).toMatchObject({ status: 201 });
    const own = await app.submit(
      event('lading.party.registered.v1', { party: 'tesla', name: 'Tesla, Inc.', roles: ['customer'] }),
      tesla,
    );
    expect(own.status).toBe(201);
    expect(await takeBack(sequenceOf(own), {}, tesla)).toMatchObject({ status: 201 });
    // An admin takes back whatever anybody submitted.
    const again = sequenceOf(await app.submit(order({}, { name: 'PO-5', quantity: 9 }), erp));
    expect(await takeBack(again)).toMatchObject({ status: 201 });
  });
});
