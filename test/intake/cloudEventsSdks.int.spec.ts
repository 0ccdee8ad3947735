import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CloudEvent, HTTP, httpTransport, emitterFor } from 'cloudevents';
import { readEvent } from '#journal/reader';
import { ADMIN, intakeDatabase, startWritingApp, type WritingApp } from './writingApp.ts';

// The SDKs as strangers: they know the specification, and nothing about Lading.
const CACHE = join(import.meta.dirname, '../../.cache/python-cloudevents-2.2.0');

/** The interpreter that has the Python SDK, which is installed once; undefined, and said aloud, where that cannot be done. */
function pythonWithSdk(): string | undefined {
  const python = join(CACHE, 'bin/python');
  if (existsSync(join(CACHE, 'ready'))) return python;
  try {
    rmSync(CACHE, { recursive: true, force: true });
    const quiet = { stdio: 'pipe', timeout: 120_000 } as const;
    execFileSync('python3', ['-m', 'venv', CACHE], quiet);
    execFileSync(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', 'cloudevents==2.2.0'], quiet);
    execFileSync(python, ['-c', `open(${JSON.stringify(join(CACHE, 'ready'))}, 'w')`], quiet);
    return python;
  } catch (error) {
    const why = (error as Error).message.split('\n')[0] ?? '';
    process.stderr.write(`NOT TRIED: the Python SDK of CloudEvents, because it cannot be installed here (${why})\n`);
    return undefined;
  }
}
const python = pythonWithSdk();

const PYTHON = `
import json, sys, urllib.request
from datetime import datetime, timezone
from cloudevents.core.v1.event import CloudEvent
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
url, key, attributes, data = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
attributes['time'] = datetime.fromisoformat(attributes['time'])
for form in (to_binary_event, to_structured_event):
    message = form(CloudEvent(attributes=attributes, data=data))
    headers = {**message.headers, 'Authorization': 'Bearer ' + key}
    request = urllib.request.Request(url, data=message.body, headers=headers, method='POST')
    with urllib.request.urlopen(request) as answer:
        print(answer.status, json.load(answer)['sequence'])
`;

const TYPE = 'lading.order.placed.v1';
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const order = (name: string) => ({
  order: name,
  buyer: 'tesla',
  supplier: 'nvidia',
  lines: [{ line: '1', item: 'H100', quantity: 1, window: { from: '2023-12-01', to: '2023-12-31' } }],
  note: 'ünïcödé 🚚',
});

describe('the SDKs of CloudEvents', () => {
  let app: WritingApp;
  let url: string;
  beforeAll(async () => {
    app = await startWritingApp(await intakeDatabase());
    await app.open();
    url = `${app.base}/v1/ledgers/nvidia/events`;
  });
  afterAll(() => app.close());

  const stored = async (sequence: number) =>
    JSON.parse(String((await readEvent(app.pool, 'nvidia', sequence))?.bytes)) as Record<string, unknown>;
  const event = (id: string, over: object = {}) =>
    new CloudEvent({
      ...{ id, source: 'urn:sdk:js', type: TYPE, time: '2023-12-01T09:00:00.000Z', data: order(`PO-${id}`) },
      ...{ dataschema: 'https://example.com/order.json', traceparent, sampledrate: 3, ...over },
    });
  const send = async ({ headers, body }: { headers: object; body: unknown }) => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { ...(headers as Record<string, string>), authorization: `Bearer ${ADMIN}` },
      body: body as string,
    });
    return { status: answer.status, body: (await answer.json()) as { sequence: number; detail?: string } };
  };

  it('JavaScript: an event is taken in binary mode, and in structured mode it is the same event again', async () => {
    const first = await send(HTTP.binary(event('js-1')));
    expect([first.status, first.body.detail]).toEqual([201, undefined]);
    const again = await send(HTTP.structured(event('js-1')));
    expect(again).toEqual({ status: 200, body: first.body });
    expect(await stored(first.body.sequence)).toMatchObject({
      id: 'js-1',
      data: order('PO-js-1'),
      traceparent,
      dataschema: 'https://example.com/order.json',
      datacontenttype: 'application/json',
    });
  });

  it('JavaScript: an event that an emitter sends as the SDK likes is taken', async () => {
    const emit = emitterFor(httpTransport(url));
    const plain = new CloudEvent({ source: 'urn:sdk:js', type: TYPE, data: order('PO-js-2') });
    const sent = await emit(plain, { headers: { authorization: `Bearer ${ADMIN}` } });
    expect(JSON.parse((sent as { body: string }).body)).toMatchObject({ ledger: 'nvidia', id: plain.id });
  });

  it('JavaScript: an event whose data is bytes is taken as the JSON in them', async () => {
    const bytes = Buffer.from(JSON.stringify(order('PO-js-3')));
    const asBytes = event('js-3', { data: bytes, datacontenttype: 'application/json' });
    const first = await send(HTTP.structured(asBytes));
    expect([first.status, first.body.detail]).toEqual([201, undefined]);
    expect(await stored(first.body.sequence)).toMatchObject({ data: order('PO-js-3') });
  });

  it('Python: an event is taken in binary mode, and in structured mode it is the same event again', async () => {
    if (python === undefined) return; // said above
    const attributes = {
      ...{ id: 'Auftrag 1 % "ü"', source: 'urn:sdk:python', type: TYPE, time: '2023-12-01T09:00:00+00:00' },
      ...{ datacontenttype: 'application/json', dataschema: 'https://example.com/order.json', traceparent },
    };
    const head = await app.head();
    const run = promisify(execFile);
    const { stdout } = await run(python, [
      ...['-c', PYTHON, url, ADMIN],
      ...[JSON.stringify(attributes), JSON.stringify(order('PO-py-1'))],
    ]);
    expect(stdout.trim().split('\n')).toEqual([`201 ${head + 1}`, `200 ${head + 1}`]);
    expect(await stored(head + 1)).toMatchObject({ id: attributes.id, traceparent, data: order('PO-py-1') });
  });
});
