import { afterAll, beforeAll, expect, it } from 'vitest';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Partitioners } from 'kafkajs';
import { readSigningKeys, verifierKeyOf } from '#checkpoints/signingKeys';
import { createKafka } from '#feed/kafkaClient';
import { toMessage } from '#feed/message';
import { silent } from '#feed/observer';
import { CompactRange, leafHash } from '#proofs/compactRange';
import { formatCheckpoint } from '#proofs/checkpoint';
import { formatNote, signNote } from '#proofs/signedNote';
import { askLading } from '#test/cli/runLading';
import { eventually } from '#test/feed/eventually';
import { Topics } from '#test/feed/topics';
import { brokers, describeKafka, freshTopicName } from '#test/setup/kafka';
import { type Lading, startLading } from '#test/setup/startLading';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { withPage } from '#test/setup/withPage';
import { readEvents } from '../../readEvents.ts';
import { routeOver, submitEvents } from '../../submitEvents.ts';

const LEDGER = 'nvidia';

describeKafka("an auditor's afternoon", () => {
  let lading: Lading;
  let desk: string;
  let key = '';
  let swap = 0;
  const topics = { LADING_TOPIC: freshTopicName(), LADING_CHECKPOINTS_TOPIC: freshTopicName() };
  /** Where the operator publishes what was rewritten. */
  const rewritten = { LADING_TOPIC: freshTopicName(), LADING_CHECKPOINTS_TOPIC: freshTopicName() };

  beforeAll(async () => {
    desk = await temporaryFolder('auditor');
    Object.assign(process.env, topics);
    lading = await startLading({ KAFKA_BROKERS: brokers().join(','), ...topics });
    const { client } = lading;
    const body = JSON.stringify({ name: 'Nvidia allocations', keeper: 'nvidia' });
    await client.send('PUT', `/v1/ledgers/${LEDGER}`, { type: 'application/json', body });
    const route = routeOver({ shipments: client, reallocations: client, swaps: client });
    for (const part of ['1-up-to-the-memo', '2-the-memo']) {
      const story = readEvents(fileURLToPath(new URL(`../memo/${part}.json`, import.meta.url)));
      for await (const result of submitEvents(route, LEDGER, story)) expect(result.status).toBe(201);
    }
    const { data } = await client.get<{ data: { sequence: number }[] }>(
      `/v1/ledgers/${LEDGER}/events?type=lading.swap.executed.v1`,
    );
    swap = Number(data[0]?.sequence);
  });
  afterAll(async () => {
    await lading.stop();
    for (const name of Object.keys(topics)) Reflect.deleteProperty(process.env, name);
    rmSync(desk, { recursive: true });
  });

  /** What the auditor knows: where the Kafka is. No service, no database, no key of the API. */
  const verify = (from: Readonly<Record<string, string>>, ...args: string[]) =>
    askLading(
      ['verify', '-l', LEDGER, '--from', 'kafka', '--checkpoint-topic', from.LADING_CHECKPOINTS_TOPIC ?? '', ...args],
      { KAFKA_BROKERS: brokers().join(','), LADING_TOPIC: from.LADING_TOPIC ?? '', LADING_VERIFIER_KEY: key },
    );

  it('in December the keeper gives the verifier key away on paper, and the stream in Kafka is as it was signed', async () => {
    // The signer makes it when it begins.
    await eventually(async () => {
      const listed = await askLading(['signing-keys', 'list', '--ledger', LEDGER], lading.environment);
      key = listed.output.trim();
      expect(key).toMatch(new RegExp(`/${LEDGER}\\+[0-9a-f]{8}\\+`));
    });
    let verified = await verify(topics, '--state', join(desk, 'december'));
    // It cannot say as long as the newest events have no checkpoint in Kafka.
    while (verified.code === 7) verified = await verify(topics, '--state', join(desk, 'december'));
    expect(verified).toMatchObject({ code: 0, output: expect.stringContaining(`${LEDGER} is verified`) });
  });

  it('who held what before the swap, as it was known then, is in Kafka as in the journal', async () => {
    const before = ['replay', '-l', LEDGER, '--no-events', '--at', '2023-12-31', '--known', String(swap - 1)];
    const kafka = { KAFKA_BROKERS: brokers().join(','), LADING_TOPIC: topics.LADING_TOPIC };
    const [there, here] = [
      await askLading([...before, '--from', 'kafka'], kafka),
      await askLading(before, lading.environment),
    ];
    expect(there.output).toContain('12,000');
    expect(there).toEqual(here);
  });

  it('the evidence of the swap is one page, and goes into the file of the case', async () => {
    const args = ['evidence', '-l', LEDGER, '-s', String(swap), '--html', '--out', join(desk, 'swap.html')];
    const { code, said } = await askLading([...args, '--verifier-key', key], lading.environment);
    expect([code, said]).toEqual([0, expect.stringContaining(key)]);
  });

  it('in January the operator makes an order larger, computes all hashes again, and signs that with the right key', async () => {
    const events = await eventsOfJournal();
    const order = events.findIndex((bytes) => bytes.includes('lading.order.placed.v1') && bytes.includes('PO-X-1'));
    events[order] = Buffer.from(events[order]!.toString().replaceAll('6000', '8000'));
    await publish(events);
    // Perfect in itself: who kept nothing finds nothing.
    expect(await verify(rewritten, '--no-state')).toMatchObject({ code: 0 });
  });

  it("held against last month's checkpoint the stream is not as it was signed, and both checkpoints are kept as evidence", async () => {
    const found = await verify(rewritten, '--state', join(desk, 'december'));
    expect(found).toMatchObject({ code: 6, said: expect.stringContaining(`${LEDGER} is not as it was signed`) });
    const file = /are in (\S+)\.$/m.exec(found.said)?.[1] ?? '';
    const evidence = readFileSync(file, 'utf8');
    rmSync(file);
    expect(evidence.match(new RegExp(`^${key.split('+')[0]}$`, 'gm'))).toHaveLength(2);
  });

  it('the swap is verified on a machine that has nothing but the page and the key', async () => {
    const nowhere = { LADING_URL: 'http://127.0.0.1:9', LADING_DATA: join(desk, 'none'), KAFKA_BROKERS: '' };
    const checked = await askLading(['evidence', join(desk, 'swap.html'), '--verifier-key', key], nowhere);
    expect(checked).toMatchObject({ code: 0, output: expect.stringContaining(`Verified: event ${swap}`) });
    await withPage(async (page) => {
      await page.context().setOffline(true);
      await page.goto(pathToFileURL(join(desk, 'swap.html')).href);
      await page.waitForSelector('#verdict.held');
      await page.locator('#own-key').fill(key);
      await page.locator('#own-key-said', { hasText: 'This key signed' }).waitFor();
      expect(await page.locator('#event').textContent()).toContain('swap executed');
    });
  });

  async function eventsOfJournal(): Promise<Buffer[]> {
    const { rows } = await lading.pool.query<{ bytes: Buffer }>(
      'SELECT bytes FROM journal.events WHERE ledger = $1 ORDER BY sequence',
      [LEDGER],
    );
    return rows.map(({ bytes }) => bytes);
  }

  /** As the relay and the signer would, of another history. */
  async function publish(events: readonly Buffer[]): Promise<void> {
    const tree = new CompactRange();
    for (const bytes of events) tree.append(leafHash(bytes));
    const [origin = ''] = key.split('+');
    const file = { path: join(lading.environment.LADING_DATA ?? '', 'signing.key'), setting: 'LADING_DATA' };
    const [own] = (await readSigningKeys(file))!.keys;
    const text = formatCheckpoint({ origin, size: tree.size, root: tree.root(), extensions: [] });
    const signature = await signNote(text, await verifierKeyOf(own!, origin), own!.sign!);
    const note = Buffer.from(formatNote({ text, signatures: [signature] }));
    const kafka = createKafka({ brokers: brokers(), clientId: 'operator' }, silent);
    for (const topic of Object.values(rewritten)) await new Topics(brokers()).make(topic, 1);
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    const messages = events.map((bytes, n) => toMessage({ ledger: LEDGER, sequence: n + 1, bytes }, 0));
    await producer.send({ topic: rewritten.LADING_TOPIC, messages });
    await producer.send({ topic: rewritten.LADING_CHECKPOINTS_TOPIC, messages: [{ key: origin, value: note }] });
    await producer.disconnect();
  }
});
