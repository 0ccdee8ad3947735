import { expect, it } from 'vitest';
import { Readable } from 'node:stream';
import type { Client } from './client.ts';
import { type SubmitResult, submitEvents } from './submitEvents.ts';

const events = (count: number) =>
  Readable.from(Array.from({ length: count }, (_, at) => ({ text: `{"id":"e-${at}"}`, where: `line ${at + 1}` })));

it('a submission that is taken in part and then refused for good says how many events are recorded, why, and what to do', async () => {
  const full = { status: 429, code: 'too-many-requests', detail: 'too many requests for this key', recorded: 'no' };
  const answers = [
    {
      status: 200,
      body: '{"line":1,"status":201,"sequence":7}\n{"line":2,"status":503,"problem":{"detail":"busy"}}\n',
    },
    { status: 200, body: { line: 1, status: 200, sequence: 3 } },
  ];
  const send = (_: string, path: string) => {
    expect(path).toBe('/v1/ledgers/nvidia/events');
    return Promise.resolve(answers.shift() ?? { status: 429, body: full });
  };
  const client = { url: 'http://lading', send } as unknown as Client;
  const results: SubmitResult[] = [];
  const submitting = async () => {
    const pause = () => Promise.resolve();
    for await (const result of submitEvents(() => client, 'nvidia', events(3), pause)) results.push(result);
  };
  await expect(submitting()).rejects.toThrow(
    'http://lading took 2 events and then no more: too many requests for this key. Submit the same again: what is recorded already is not recorded twice',
  );
  expect(results.map(({ status, where }) => [status, where])).toEqual([
    [201, 'line 1'],
    [200, 'line 2'],
  ]);
});
