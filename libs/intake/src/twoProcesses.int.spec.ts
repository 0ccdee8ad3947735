import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceProcess, startProcess } from '#test/intake/serviceProcess';
import {
  ADMIN,
  CLOUD_EVENT,
  intakeDatabase,
  NDJSON,
  order,
  startWritingApp,
  type WritingApp,
} from '#test/intake/writingApp';

let app: WritingApp;
let processes: ServiceProcess[];

beforeAll(async () => {
  const url = await intakeDatabase();
  app = await startWritingApp(url);
  await app.open();
  processes = await Promise.all([startProcess('shipments', url), startProcess('shipments', url)]);
});
afterAll(async () => {
  await Promise.all(processes.map((one) => one.stop()));
  await app.close();
});

const post = async (n: number, type: string, body: string) => {
  const response = await fetch(`${processes[n % processes.length]!.base}/v1/ledgers/nvidia/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN}`, 'content-type': type },
    body,
  });
  return { status: response.status, replay: response.headers.get('idempotent-replay'), text: await response.text() };
};
const submit = (n: number, sent: unknown) => post(n, CLOUD_EVENT, JSON.stringify(sent));

describe('two processes that write one ledger', () => {
  it('an event that comes 50 times at once through two processes is kept once, with 50 equal answers, while others go on', async () => {
    const head = await app.head();
    const same = order();
    const others = [0, 1].map((n) =>
      post(n, NDJSON, Array.from({ length: 500 }, () => JSON.stringify(order())).join('\n')),
    );
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => submit(n, same)));

    expect(answers.filter(({ status, replay }) => status === 201 && replay === null)).toHaveLength(1);
    expect(answers.filter(({ status, replay }) => status === 200 && replay === 'true')).toHaveLength(49);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const results = (await Promise.all(others)).flatMap(({ text }) => text.trim().split('\n'));
    expect(results.map((line) => (JSON.parse(line) as { status: number }).status)).toEqual(
      Array.from({ length: 1_000 }, () => 201),
    );
    expect(await app.head()).toBe(head + 1_001);
  });

  it('both of two processes answer 409 to the same id with another body, and events that come with it are not affected', async () => {
    const head = await app.head();
    const same = order();
    const { text } = await submit(0, same);
    const { sequence } = JSON.parse(text) as { sequence: number };
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => submit(n >> 1, n % 2 === 0 ? { ...order(), id: same.id } : order())),
    );
    const [refused, taken] = [0, 1].map((odd) => answers.filter((_, n) => n % 2 === odd));
    expect(refused?.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 409));
    for (const answer of refused ?? [])
      expect(JSON.parse(answer.text)).toMatchObject({ code: 'id-conflict', sequence });
    expect(taken?.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 201));
    expect(await app.head()).toBe(head + 21);
  });

  it('two processes number the events of 16 submitters without a gap', async () => {
    const head = await app.head();
    const sequences: number[] = [];
    const submitter = async (n: number) => {
      for (let i = 0; i < 25; i++)
        sequences.push((JSON.parse((await submit(n, order())).text) as { sequence: number }).sequence);
    };
    await Promise.all(Array.from({ length: 16 }, (_, n) => submitter(n)));
    expect(sequences.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, i) => head + 1 + i));
  });

  it('two processes that are stopped finish the requests that they have, and what they answered is kept', async () => {
    const url = processes[1]!;
    const sent = Array.from({ length: 50 }, () => order());
    const answering = sent.map((one) => submit(1, one).catch(() => undefined));
    await Promise.race(answering);
    await url.stop();
    const answers = await Promise.all(answering);
    const again = await Promise.all(sent.map((one) => submit(0, one)));
    for (const [n, answer] of answers.entries())
      if (answer?.status === 201) expect(again[n]).toMatchObject({ status: 200, text: answer.text });
    expect(answers.some((answer) => answer?.status === 201)).toBe(true);
  });
});
