import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { z } from 'zod';
import { eventTypes } from '#contracts/catalog';
import { parseEvent } from '#contracts/cloudEvent';
import {
  Day,
  EventId,
  Evidence,
  exactMicroseconds,
  line,
  microseconds,
  Moment,
  Money,
  Name,
  Note,
  Reason,
  Source,
  Text,
} from '#contracts/scalars';
import { Relay } from '#apps/relay/src/relay';
import { KafkaFeed } from '#feed/kafka';
import { toMessage } from '#feed/message';
import { readEvents } from '#journal/reader';
import { appliedSequence } from '#projections/reading/readModel';
import { ensureActive } from '#projections/versions/versions';
import { eventually } from '#test/feed/eventually';
import { append } from '#test/feed/seedJournal';
import { Topics } from '#test/feed/topics';
import type { Told } from '#test/ledger/facts';
import { dispatched, of, placed, proposed, received, tell } from '#test/ledger/facts';
import { freshReadModels } from '#test/projections/freshReadModels';
import { rowsOf as storedRows } from '#test/projections/rowsOf';
import { brokers, describeKafka, freshTopicName } from '#test/setup/kafka';
import { readers, type Said } from './readers.ts';
import { type Lading, startLading } from '#test/setup/startLading';

const ROUNDS = 12;

// The whole range of each scalar: every code point, halves of pairs too, every year, offset and fraction.
const character = fc.oneof(
  fc.integer({ min: 0, max: 0x17f }),
  fc.integer({ min: 0x2000, max: 0x20ff }),
  fc.integer({ min: 0xd700, max: 0xffff }),
  fc.integer({ min: 0, max: 0x10_ffff }),
);
const text = fc.array(character, { maxLength: 12 }).map((codes) => String.fromCodePoint(...codes));
const two = (min: number, max: number) => fc.integer({ min, max }).map((n) => String(n).padStart(2, '0'));
const year = fc.oneof(
  fc.constantFrom('0000', '0001', '1899', '1900', '1999', '2024', '9999'),
  fc.integer({ min: 1_900, max: 9_999 }).map(String),
);
const day = fc.tuple(year, two(1, 12), two(1, 31)).map((parts) => parts.join('-'));
const clock = fc.tuple(two(0, 24), two(0, 59), two(0, 60)).map((parts) => parts.join(':'));
const fraction = fc.stringMatching(/^(?:\.(?:\d{1,10}|\d{6}[4569]\d{0,2}))?$/);
const offset = fc.oneof(fc.constantFrom('Z', 'z'), fc.stringMatching(/^[+-](?:[01]\d|2[0-3]):[0-5]\d$/));
const moment = fc.tuple(day, fc.constantFrom('T', 't'), clock, fraction, offset).map((parts) => parts.join(''));
const uri = fc.oneof(
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.stringMatching(/^(?:https?|urn|ftp):(?:\/\/)?[!-~]{1,20}$/),
);

/** Values that the contract takes, mostly: of events in which anything goes, few would be taken. */
const mostly = <T>(schema: z.ZodType<T>, any: fc.Arbitrary<unknown>): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 12, arbitrary: any.filter((value) => schema.safeParse(value).success) },
    { weight: 1, arbitrary: any },
  ) as fc.Arbitrary<T>;

const free = {
  name: mostly(Name, text),
  note: mostly(Note, text),
  reason: mostly(Reason, text),
  destination: mostly(Text, text),
  eccn: mostly(line(20), text),
  eta: mostly(Day, day),
  expires: mostly(
    Moment,
    moment.filter((at) => at > '2100'),
  ),
  listPrice: mostly(
    Money,
    fc.record({ amount: fc.stringMatching(/^\d{1,18}(\.\d{1,7})?$/), currency: fc.constant('USD') }),
  ),
  evidence: mostly(Evidence, fc.record({ kind: text, uri })).map((one) => [one]),
};
type Free = { readonly [K in keyof typeof free]: (typeof free)[K] extends fc.Arbitrary<infer V> ? V : never };
const envelope = fc.record({
  id: mostly(EventId, text).map((id) => (EventId.safeParse(`${id}-`).success ? `${id}-` : id)),
  source: mostly(Source, fc.stringMatching(/^[ -~]{1,20}$/)),
  time: mostly(
    Moment,
    moment.filter((at) => at < '2024' || !Moment.safeParse(at).success),
  ),
  traceparent: mostly(line(50), text),
  correlationid: mostly(EventId, text),
});

/** A round in which every type happens, with whatever is free to be said. */
function round(n: number, say: () => Free): Told[] {
  const [order, other, shipment] = [`PO-${n}`, `PX-${n}`, `S-${n}`];
  const one = of(order, '1');
  const legs = [
    { from: 'tesla', to: 'x', ...one, quantity: 1 },
    { from: 'x', to: 'tesla', ...of(other, '1'), quantity: 1 },
  ];
  const swap = (id: string) => {
    const { expires, reason, evidence, note } = say();
    return proposed(`${id}-${n}`, 'x', legs, { expires, reason, evidence, note });
  };
  const step = (short: 'accepted' | 'rejected' | 'withdrawn' | 'executed', id: string, by: string) =>
    tell(`swap.${short}`, { swap: `${id}-${n}`, by, ...pick(say(), 'reason', 'note') });
  return [
    tell('party.registered', { party: `p-${n}`, roles: ['customer'], ...pick(say(), 'name', 'note') }),
    tell('item.registered', {
      item: `i-${n}`,
      tracking: 'quantity',
      ...pick(say(), 'name', 'eccn', 'listPrice', 'note'),
    }),
    placed(order, 'tesla', 100),
    placed(other, 'x', 100),
    tell('order.lines_added', {
      ...{ order, lines: [{ line: '2', item: 'H100', quantity: 1, window: { from: say().eta, to: '9999-12-31' } }] },
      ...pick(say(), 'note'),
    }),
    tell('supply.committed', {
      ...{ supplier: 'nvidia', item: `i-${n}`, period: { from: say().eta, to: '9999-12-31' }, quantity: n },
      ...pick(say(), 'note'),
    }),
    tell('order.confirmed', {
      ...{ order },
      lines: [{ line: '2', code: 'changed', window: { from: say().eta, to: '9999-12-31' }, ...pick(say(), 'reason') }],
      ...pick(say(), 'note'),
    }),
    tell('order.line_changed', { ...one, initiator: 'seller', quantity: 90, ...pick(say(), 'reason', 'note') }),
    tell('order.line_cancelled', { ...one, initiator: 'seller', quantity: 5, ...pick(say(), 'reason', 'note') }),
    dispatched(shipment, [{ ...one, quantity: 50 }], pick(say(), 'destination', 'eta', 'note')),
    tell('shipment.rescheduled', {
      ...{ shipment, consignee: 'x' },
      ...pick(say(), 'destination', 'eta', 'reason', 'note'),
    }),
    received(shipment, 'tesla', [{ ...one, received: 40 }]),
    tell('shipment.lost', { shipment, lines: [{ ...one, quantity: 1 }], ...pick(say(), 'reason', 'note') }),
    tell('units.returned', {
      ...{ return: `R-${n}`, from: 'tesla', to: 'nvidia', lines: [{ ...one, quantity: 1 }] },
      ...pick(say(), 'reason', 'note'),
    }),
    tell('units.condition_changed', {
      ...{ custodian: 'tesla', lines: [{ ...one, quantity: 1, to: 'damaged' }] },
      ...pick(say(), 'reason', 'note'),
    }),
    tell('units.scrapped', { custodian: 'tesla', lines: [{ ...one, quantity: 1 }], ...pick(say(), 'reason', 'note') }),
    tell('custody.transferred', {
      ...{ from: 'tesla', to: 'xai', lines: [{ ...one, quantity: 1 }] },
      ...pick(say(), 'reason', 'note'),
    }),
    tell('count.adjusted', { custodian: 'xai', lines: [{ ...one, observed: 2 }], ...pick(say(), 'reason', 'note') }),
    tell('reallocation.made', {
      ...{ reallocation: `RA-${n}`, kind: 'reassigned', from: 'tesla', to: 'x', lines: [{ ...one, quantity: 1 }] },
      ...pick(say(), 'destination', 'eta', 'reason', 'evidence', 'note'),
    }),
    tell('units.held', {
      ...{ hold: `H-${n}`, owner: 'tesla', purpose: say().destination, until: say().expires },
      ...{ lines: [{ ...one, quantity: 1 }], ...pick(say(), 'note') },
    }),
    tell('units.released', { hold: `H-${n}`, ...pick(say(), 'reason', 'note') }),
    swap('A'),
    step('accepted', 'A', 'tesla'),
    step('executed', 'A', 'x'),
    swap('B'),
    step('rejected', 'B', 'tesla'),
    swap('C'),
    step('withdrawn', 'C', 'x'),
    tell('order.placed', {
      ...{ order: `PV-${n}`, buyer: 'tesla', supplier: 'nvidia' },
      ...{ lines: [{ line: '1', item: 'H100', quantity: 1, window: { from: say().eta, to: '9999-12-31' } }] },
    }),
  ];
}
const pick = <K extends keyof Free>(said: Free, ...keys: K[]): Pick<Free, K> =>
  Object.fromEntries(keys.map((key) => [key, said[key]])) as Pick<Free, K>;

const plain: Free = {
  ...{ name: 'Name', note: 'Note', reason: 'Reason', destination: 'Austin', eccn: '3A090', eta: '2024-01-01' },
  ...{ expires: '2100-01-01T00:00:00Z', listPrice: { amount: '1', currency: 'USD' }, evidence: [] },
};

interface Item {
  readonly status: number;
  readonly sequence?: number;
  readonly problem?: {
    readonly code: string;
    readonly notBefore?: string;
    readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
  };
}
interface Sent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly traceparent?: string;
  readonly correlationid?: string;
  readonly data: Told['data'];
}
type Row = Readonly<Record<string, unknown>>;

/** What the ledger keeps of it: moments in the capital letters that every language reads. */
function asKept(sent: Sent): Sent {
  const { time, data } = sent;
  const expires = 'expires' in data ? data.expires?.toUpperCase() : undefined;
  const until = 'until' in data ? data.until.toUpperCase() : undefined;
  return {
    ...sent,
    time: time.toUpperCase(),
    data: { ...data, ...(expires !== undefined && { expires }), ...(until !== undefined && { until }) },
  };
}

/** Every text, day and moment that an event says, at any depth. */
function* sayings(said: Row | readonly unknown[]): Generator<Said> {
  for (const [key, value] of Object.entries(said)) {
    if (typeof value === 'object' && value !== null) yield* sayings(value as Row);
    else if (typeof value !== 'string') continue;
    else if (['time', 'recordedtime', 'expires'].includes(key)) yield { moment: value };
    else if (/^\d{4}-\d\d-\d\d$/.test(value) && ['eta', 'from', 'to'].includes(key)) yield { day: value };
    else yield { text: value };
  }
}

/** What a reader is to print about it. `cut`: it holds microseconds only. */
function meant(one: Said, cut: boolean): string {
  if ('text' in one) return Buffer.from(one.text).toString('hex');
  if ('day' in one) return String(Date.parse(one.day) / 86_400_000);
  const [, whole = '', fraction = '', offset = ''] = /^([^.Z+]{19})(?:\.(\d+))?(.+)$/.exec(one.moment) ?? [];
  const nanoseconds = Number(
    fraction
      .padEnd(9, '0')
      .slice(0, cut ? 6 : 9)
      .padEnd(9, '0'),
  );
  return `${Date.parse(whole + offset) / 1_000} ${nanoseconds}`;
}

describe('what the contract takes', () => {
  let lading: Lading;
  const L = '/v1/ledgers/kept';
  /** What was taken, by its sequence. */
  const taken = new Map<number, Sent>();
  let refused = 0;

  beforeAll(async () => {
    lading = await startLading();
    const opened = { type: 'application/json', body: JSON.stringify({ name: 'Kept', keeper: 'nvidia' }) };
    await lading.client.send('PUT', L, opened);
    const party = (party: string, role: 'supplier' | 'customer' | 'carrier') =>
      tell('party.registered', { party, name: party, roles: [role] });
    const cast = [
      party('nvidia', 'supplier'),
      party('dhl', 'carrier'),
      ...['tesla', 'x', 'xai'].map((p) => party(p, 'customer')),
    ];
    const h100 = tell('item.registered', { item: 'H100', name: 'H100', tracking: 'quantity' });
    await mustTake([...cast, h100].map(plainly));
    await tellAll();
  });
  afterAll(() => lading.stop());

  const plainly = ({ type, data }: Told): Sent => ({
    ...{ id: randomUUID(), source: 'urn:test', type, time: '2024-01-02T00:00:00Z', data },
  });
  const submit = async (events: readonly Sent[]): Promise<readonly Item[]> => {
    const body = JSON.stringify(events.map((event) => ({ specversion: '1.0', ...event })));
    const content = { type: 'application/cloudevents-batch+json', body };
    const { results } = (await lading.client.send<{ results: Item[] }>('POST', `${L}/events`, content)).body;
    for (const [at, { status, sequence }] of results.entries())
      if (status === 201) taken.set(Number(sequence), events[at]!);
    // Of random times one may come too late for what it says: it is told again, with the time that the answer names.
    const late = results.flatMap(({ problem }, at) => (problem?.notBefore === undefined ? [] : [at]));
    if (late.length === 0) return results;
    const again = await submit(
      late.map((at) => ({ ...events[at]!, id: randomUUID(), time: String(results[at]!.problem?.notBefore) })),
    );
    return results.map((result, at) => (late.includes(at) ? again[late.indexOf(at)]! : result));
  };
  const mustTake = async (events: readonly Sent[]) => {
    for (const { problem } of await submit(events)) expect(problem).toBeUndefined();
  };

  /** All rounds side by side, step by step; what the contract refuses is said again plainly, so that the round goes on. */
  async function tellAll(): Promise<void> {
    const said = fc.sample(fc.record(free), { numRuns: ROUNDS * 30 });
    const around = fc.sample(envelope, { numRuns: ROUNDS * 30 });
    let at = 0;
    const wild = Array.from({ length: ROUNDS }, (_, n) => round(n, () => said[at++ % said.length]!));
    const tame = Array.from({ length: ROUNDS }, (_, n) => round(n, () => plain));
    for (let step = 0; step < wild[0]!.length; step++) {
      const events = wild.map((told, n): Sent => {
        const { id, ...rest } = around[(n * 30 + step) % around.length]!;
        return { ...plainly(told[step]!), ...rest, id: `${id}${n}-${step}` };
      });
      const results = await submit(events);
      const again = results.flatMap(({ status, problem }, n) => {
        if (status === 201) return [];
        expect([status, problem?.errors?.length ?? 0, events[n]]).toEqual([400, expect.any(Number), events[n]]);
        for (const { pointer, detail } of problem?.errors ?? [])
          expect([pointer, detail]).toEqual([expect.stringMatching(/^\//), expect.stringMatching(/./)]);
        refused++;
        return [plainly(tame[n]![step]!)];
      });
      if (again.length > 0) await mustTake(again);
    }
  }

  const head = () => Math.max(...taken.keys());
  const rowsOf = (list: string) => lading.client.list<Row>(`${L}/${list}?min-sequence=${head()}`);

  it('events of every type are taken with values of the whole range, and some are refused with pointers', () => {
    // The ledger opens itself; what takes an event back says nothing of its own (`libs/intake/src/voids.int.spec.ts`).
    const types = new Set([...taken.values()].map(({ type }) => type));
    expect(eventTypes.filter((type) => !types.has(type))).toEqual([
      'lading.ledger.opened.v1',
      'lading.event.voided.v1',
    ]);
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(taken.size);
  });

  it('every read model applies every event that the contract takes', async () => {
    // A question waits for its events for 5 s, and is asked again.
    const rows = await eventually(() => rowsOf('activity'));
    const { data } = await lading.client.get<{ data: Row[] }>('/v1/status');
    for (const row of data.filter(({ ledger, consumer }) => ledger === 'kept' && consumer === 'projector'))
      expect(row).toMatchObject({ state: 'live', sequence: head() });
    expect(rows).toHaveLength(head());
    for (const row of rows.filter(({ sequence }) => taken.has(Number(sequence)))) {
      const sent = taken.get(Number(row.sequence))!;
      const note = sent.data.note ?? null;
      const reasonCode = 'reasonCode' in sent.data ? (sent.data.reasonCode ?? null) : null;
      expect(row).toMatchObject({ id: sent.id, source: sent.source, type: sent.type, note, reasonCode });
      expect(exactMicroseconds(String(row.occurred))).toBe(exactMicroseconds(sent.time));
    }
  });

  it('every answer says a text, a day, an amount and a moment as they were said', async () => {
    const [parties, items, shipments, swaps] = await Promise.all(
      ['parties', 'items', 'shipments', 'swaps'].map(rowsOf),
    );
    const said = (what: string) =>
      new Map(
        [...taken.values()]
          .filter(({ type }) => type.endsWith('.registered.v1'))
          .map(({ data }) => [(data as unknown as Row)[what], data as unknown as Row]),
      );
    for (const { party, name } of parties!) expect(name).toBe(said('party').get(party)?.name);
    for (const { item, name, eccn, listPrice } of items!) {
      const { name: n, eccn: e = null, listPrice: p = null } = said('item').get(item)!;
      expect([name, eccn, listPrice]).toEqual([n, e, p]);
    }
    const headers = new Map<unknown, Row>();
    for (const { type, data } of taken.values()) {
      if (type !== 'lading.shipment.dispatched.v1' && type !== 'lading.shipment.rescheduled.v1') continue;
      const { shipment, ...header } = data as unknown as Row;
      headers.set(shipment, { ...headers.get(shipment), ...header });
    }
    for (const { shipment, destination, eta } of shipments!) {
      const header = headers.get(shipment);
      expect([destination, eta]).toEqual([header?.destination, header?.eta]);
    }
    const proposals = new Map(
      [...taken.values()].flatMap(({ type, data }) =>
        type === 'lading.swap.proposed.v1' && 'swap' in data ? [[data.swap, data as unknown as Row]] : [],
      ),
    );
    expect(swaps).toHaveLength(proposals.size);
    for (const { swap, reason, evidence, expires } of swaps!) {
      const data = proposals.get(String(swap))!;
      expect([reason, evidence]).toEqual([data.reason, data.evidence]);
      expect(exactMicroseconds(String(expires))).toBe(exactMicroseconds(String(data.expires)));
    }
  });

  it('the journal and every feed carry each event: its bytes are one line for every reader, and it is read back equal', async () => {
    const events = await readEvents(lading.pool, 'kept', 0, head());
    expect(events).toHaveLength(head());
    for (const event of events) {
      const sent = taken.get(event.sequence);
      if (sent === undefined) continue; // its opening
      const { data, ...attributes } = asKept(sent);
      const read = parseEvent(event.bytes);
      expect(read).toMatchObject({ ...attributes, sequence: event.sequence });
      expect(read.data).toMatchObject(JSON.parse(JSON.stringify(data)) as Row);
      // What Python, Java and others take for the end of a line, beside what JSON escapes.
      expect(/\p{Cc}|\p{Zl}|\p{Zp}/u.test(event.bytes.toString())).toBe(false);
      const { value, headers } = toMessage(event, 0);
      expect([value, Object.values(headers ?? {}).every((header) => /^[\x20-\x7e]*$/.test(String(header)))]).toEqual([
        event.bytes,
        true,
      ]);
    }
    const listed = await lading.client.list<Row>(`${L}/events`);
    expect(listed).toEqual(events.map(({ bytes }) => JSON.parse(bytes.toString()) as Row));
  });

  it('read models are the same row for row, whether events come a few at a time or all at once', async () => {
    const events = (await readEvents(lading.pool, 'kept', 0, head())).map(({ bytes }) => parseEvent(bytes));
    const live = await storedRows(lading.pool, await ensureActive(lading.pool));
    for (const size of [10, events.length]) {
      const db = await freshReadModels('kept');
      try {
        await db.apply(events, size);
        expect(await storedRows(db.pool, 1)).toEqual(live);
      } finally {
        await db.drop();
      }
    }
  });

  describeKafka('through a topic', () => {
    it('the relay brings each event through Kafka as the same bytes, and read models that are fed from there are the same row for row', async () => {
      const topic = freshTopicName();
      const topics = new Topics(brokers());
      const db = await freshReadModels('kept');
      const events = await readEvents(lading.pool, 'kept', 0, head());
      await append(db.pool, events);
      const source = { url: db.url, pool: db.pool, brokers: brokers(), clientId: 'kept' };
      const relay = new Relay({ ...source, topic: { topic, partitions: 3 } });
      void relay.run();
      const feed = new KafkaFeed({ ...source, topic, group: topic, checkEvery: 200 });
      // It needs the topic, which the relay makes.
      await eventually(async () => {
        expect(await topics.read(topic)).toHaveLength(events.length);
      });
      void feed.run(db.models);
      try {
        const records = await topics.read(topic);
        expect(records.map(({ message }) => message.value)).toEqual(events.map(({ bytes }) => bytes));
        expect(records.map(({ message }) => String(message.headers?.sequence))).toEqual(
          events.map(({ sequence }) => String(sequence)),
        );
        await eventually(async () => {
          expect(feed.state()).toMatchObject({ parked: [] });
          expect(await appliedSequence(db.pool, 'kept')).toBe(head());
        });
        expect(await storedRows(db.pool, 1)).toEqual(await storedRows(lading.pool, await ensureActive(lading.pool)));
      } finally {
        await Promise.all([feed.stop(), relay.stop()]);
        await topics.delete(topic);
        await db.drop();
      }
    });
  });

  it('other languages read each text, day and moment of the bytes as what was said, with what they have for that', async () => {
    const events = await readEvents(lading.pool, 'kept', 0, head());
    const said = events.flatMap(({ bytes }) => [...sayings(JSON.parse(bytes.toString()) as Row)]);
    // The corners, which no draw may miss.
    said.push(...['1900-01-01', '9999-12-31', '2000-02-29', '1970-01-01', '1969-12-31'].map((day) => ({ day })));
    const corners = ['1900-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z', '1970-01-01T00:00:00.000000001+15:59'];
    said.push(...corners.filter((moment) => Moment.safeParse(moment).success).map((moment) => ({ moment })));
    const lines = said.map((one) => JSON.stringify(one));
    for (const { language, missing, microseconds: cut = false, read } of readers()) {
      if (missing !== undefined) {
        process.stderr.write(`NOT READ IN ${language.toUpperCase()}: ${missing}\n`);
        continue;
      }
      const got = await read(lines);
      const wrong = said.flatMap((one, at) => (got[at] === meant(one, cut) ? [] : [{ language, one, got: got[at] }]));
      expect(wrong).toEqual([]);
      expect(got).toHaveLength(said.length);
    }
  });

  it('PostgreSQL counts the same microseconds as the rules and the read models', async () => {
    const { rows } = await lading.pool.query<{ sequence: number; micros: string }>(
      `SELECT sequence, (extract(epoch FROM occurred) * 1000000)::numeric(20)::text AS micros FROM journal.events WHERE ledger = 'kept'`,
    );
    const counted = new Map(rows.map(({ sequence, micros }) => [sequence, Number(micros)]));
    for (const [sequence, { time }] of taken) expect([time, counted.get(sequence)]).toEqual([time, microseconds(time)]);
  });
});
