import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnderAttack } from './underAttack.ts';

/** As much memory as the service may ever take. The container of docker/compose.yaml has more. */
const MEGABYTES = 600;
const BATCH = 'application/cloudevents-batch+json';
const NDJSON = 'application/x-ndjson';

let service: UnderAttack;
beforeAll(async () => {
  service = await UnderAttack.start();
});
afterEach(() => {
  service.endAttack();
});
afterAll(() => service.stop());

const post = (body: string, type: string, key?: string): Promise<{ status: number; bytes: number }> =>
  fetch(`${service.url}/v1/ledgers/nvidia/events`, {
    method: 'POST',
    headers: {
      ...(key === undefined ? service.authorization : { authorization: `Bearer ${key}` }),
      'content-type': type,
    },
    body,
  }).then(async (answer) => ({ status: answer.status, bytes: (await answer.arrayBuffer()).byteLength }));

/** Writes without waiting for anybody to take it, as long as the other side does. */
async function pour(socket: Socket, text: string, times: number): Promise<void> {
  for (let i = 0; i < times && socket.writable; i++) {
    if (socket.write(text)) continue;
    await new Promise<void>((resolve) => {
      socket.once('drain', resolve).once('close', resolve);
    });
  }
}

/** The statuses of those that were answered so far. Those that are let in end with the attack, without an answer. */
function refusedOf(sockets: readonly Socket[]): number[] {
  const refused: number[] = [];
  for (const socket of sockets) {
    UnderAttack.statusOn(socket).then(
      (status) => refused.push(status),
      () => undefined,
    );
  }
  return refused;
}

/** Whether the attack is survived: the service runs, answers and stays small. */
async function isWell(): Promise<void> {
  expect(service.isRunning).toBe(true);
  expect(await service.isLive()).toBe(true);
  expect(service.peakMegabytes).toBeLessThan(MEGABYTES);
}

describe(`a service keeps under ${MEGABYTES} MB and answers`, () => {
  it('while four keys send 40 batches of 14 MB of junk at once: each is refused, most of them before they are read', async () => {
    const keys = await service.createKeys('junk', 4, ['shipments:write']);
    const junk = [
      `[${'{},'.repeat(4_600_000)}{}]`,
      `[${Array.from({ length: 9_999 }, () => `{"a":[${'{},'.repeat(460)}1]}`).join()}]`,
    ];
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        post(junk[i % junk.length] ?? '', BATCH, keys[i % keys.length]).catch(() => ({ status: 0, bytes: 0 })),
      ),
    );
    expect(answers.filter(({ status }) => ![200, 413, 429, 503].includes(status))).toEqual([]);
    expect(answers.filter(({ status }) => status === 429 || status === 503).length).toBeGreaterThan(20);
    expect(Math.max(...answers.map(({ bytes }) => bytes))).toBeLessThan(8_000_000);
    await isWell();
  });

  it('while 200 bodies of 15 MB are announced and sent in half: those for which there is no room are refused at once', async () => {
    const half = ' '.repeat(1_048_576);
    const sockets = Array.from({ length: 200 }, () =>
      service.begin([`Content-Type: ${BATCH}`, 'Content-Length: 15000000']),
    );
    const refused = refusedOf(sockets);
    await Promise.all(sockets.slice(0, 40).map((socket) => pour(socket, half, 7)));
    while (refused.length < sockets.length - 2) await sleep(10);
    expect(new Set(refused)).toEqual(new Set([429]));
    await isWell();
  });

  it('while 30 keys hold bodies of 15 MB open that came in half: there is room for four, and the others are told', async () => {
    const half = ' '.repeat(1_048_576);
    const keys = await service.createKeys('held', 30, ['shipments:write']);
    const head = [`Content-Type: ${BATCH}`, 'Content-Length: 15000000'];
    const sockets = [...keys, ...keys].map((key) => service.begin(head, { key }));
    const refused = refusedOf(sockets);
    await Promise.all(sockets.slice(0, 20).map((socket) => pour(socket, half, 7)));
    while (refused.length < sockets.length - 4) await sleep(10);
    expect(new Set(refused)).toEqual(new Set([503]));
    await isWell();
  });

  it('while bodies come in chunks of one byte', async () => {
    const bytes = '1\r\n \r\n'.repeat(10_000);
    const sockets = Array.from({ length: 4 }, () =>
      service.begin([`Content-Type: ${BATCH}`, 'Transfer-Encoding: chunked']),
    );
    const lines = service.begin([`Content-Type: ${NDJSON}`, 'Transfer-Encoding: chunked']);
    await Promise.all([...sockets, lines].map((socket) => pour(socket, bytes, 60)));
    await isWell();
  });

  it('while 200 streams send a line that does not end: a key has no more than its streams and its bytes', async () => {
    const sockets = Array.from({ length: 200 }, () =>
      service.begin([`Content-Type: ${NDJSON}`, 'Transfer-Encoding: chunked']),
    );
    const chunk = `e1000\r\n${' '.repeat(0xe1000)}\r\n`;
    const statuses = sockets.map((socket) => UnderAttack.statusOn(socket));
    for (const socket of sockets) socket.write(chunk);
    const counts = await Promise.all(statuses);
    const letIn = counts.filter((status) => status === 200).length;
    expect([letIn > 0, letIn <= 32, counts.filter((status) => status === 429).length]).toEqual([
      true,
      true,
      200 - letIn,
    ]);
    await isWell();
  });

  it('while events that are all wrong come in large batches: their answers are small', async () => {
    const wrong = `{"type":"lading.order.placed.v1","${'x'.repeat(100)}":1}`;
    const batch = `[${Array.from({ length: 10_000 }, () => wrong).join()}]`;
    const answers = await Promise.all(Array.from({ length: 3 }, () => post(batch, BATCH)));
    for (const { status, bytes } of answers) {
      expect([200, 429, 503]).toContain(status);
      expect(bytes).toBeLessThan(8_000_000);
    }
    await isWell();
  });

  it('while twenty keys send batches of junk, /health/live is answered about as quickly as while one does', async () => {
    const keys = await service.createKeys('busy', 20, ['shipments:write']);
    /** The middle one of the times that `/health/live` takes while batches are worked on. */
    const waitBeside = async (batches: number, events: number): Promise<number> => {
      const body = `[${Array.from({ length: events }, () => '{"a":1}').join()}]`;
      const work = { done: false };
      const answers = Promise.all(keys.slice(0, batches).map((key) => post(body, BATCH, key))).finally(() => {
        work.done = true;
      });
      const waits: number[] = [];
      while (!work.done) {
        const asked = performance.now();
        expect(await service.isLive()).toBe(true);
        waits.push(performance.now() - asked);
      }
      expect(new Set((await answers).map(({ status }) => status))).toEqual(new Set([200]));
      return waits.sort((a, b) => a - b)[waits.length >> 1] ?? 0;
    };
    // It was twelve times as long when each batch had a turn between two looks at the connections. Others work on this machine, too:
    // one look at it in which that is not so is enough.
    const ratios: number[] = [];
    do {
      const besideOne = await waitBeside(1, 3_000);
      ratios.push((await waitBeside(20, 300)) / besideOne);
    } while (ratios.length < 5 && Math.min(...ratios) >= 5);
    expect(Math.min(...ratios)).toBeLessThan(5);
    await isWell();
  });
});
