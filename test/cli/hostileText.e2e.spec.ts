import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askLading } from './runLading.ts';

/** Clears the screen, rings the bell, writes to the left, hides: in a terminal all of it would work. */
const HOSTILE = '\u001b[2J\u0007\u009b31m\u202e\u200b\ufeff';
const NEVER = /[\p{Cc}\p{Cf}]/u;

/** A row with every field that some command prints, each with such a text. */
const moment = `2026-01-01${HOSTILE}`;
const row = {
  ...{
    order: HOSTILE,
    buyer: HOSTILE,
    line: HOSTILE,
    item: HOSTILE,
    quantity: 1,
    window: { from: moment, to: moment },
  },
  ...{
    shipment: HOSTILE,
    consignee: HOSTILE,
    carrier: HOSTILE,
    status: HOSTILE,
    eta: HOSTILE,
    swap: HOSTILE,
    legs: [],
  },
  ...{
    rule: HOSTILE,
    parties: [HOSTILE],
    events: [HOSTILE],
    sequence: 1,
    occurred: moment,
    type: HOSTILE,
    subject: HOSTILE,
    reasonCode: HOSTILE,
    last: 1,
    ...{ moment: HOSTILE, before: 1, after: 1, change: 1 },
  },
  ...{
    facts: {
      swap: HOSTILE,
      leg: 1,
      reallocation: HOSTILE,
      shipment: HOSTILE,
      supplier: HOSTILE,
      order: HOSTILE,
      line: HOSTILE,
    },
    ...{
      supplier: HOSTILE,
      period: { from: HOSTILE, to: HOSTILE },
      committed: 1,
      promised: 1,
      allocated: 1,
      oversold: 0,
    },
    ...{ hold: HOSTILE, until: HOSTILE, purpose: HOSTILE, there: 1, onHold: 1, available: 1, due: HOSTILE },
  },
  ...{
    serial: HOSTILE,
    owner: HOSTILE,
    custodian: HOSTILE,
    stage: HOSTILE,
    consumer: HOSTILE,
    ledger: HOSTILE,
    version: 1,
  },
  ...{ head: 1, state: HOSTILE, reason: HOSTILE, advice: HOSTILE, event: { sequence: 1, id: HOSTILE, type: HOSTILE } },
  ...{ as: HOSTILE, most: 1, unitDays: 1, days: 1, from: { occurred: HOSTILE }, to: { occurred: HOSTILE } },
  balance: [{ party: HOSTILE, item: HOSTILE, given: 1, received: 0, units: 1, unitDays: 1 }],
  branches: [
    {
      quantity: 1,
      steps: [
        {
          ...{ sequence: 1, occurred: HOSTILE, type: HOSTILE, order: HOSTILE, line: HOSTILE, by: HOSTILE },
          to: { owner: HOSTILE, stage: HOSTILE },
          agreement: {
            swap: HOSTILE,
            by: HOSTILE,
            accepted: [HOSTILE],
            authorisedBy: HOSTILE,
            evidence: [{ kind: HOSTILE }],
          },
        },
      ],
    },
  ],
  ...{ lines: [], units: [], since: HOSTILE, position: 1, held: 1, lagEvents: 1, lagSeconds: 1 },
};
const problem = {
  title: HOSTILE,
  status: 400,
  detail: HOSTILE,
  code: HOSTILE,
  errors: [{ pointer: HOSTILE, detail: HOSTILE }],
};

describe('text of others in the command line', () => {
  let server: Server;
  let folder: string;
  let answer: { status: number; type: string; body: string };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lading-hostile-'));
    server = createServer((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  const run = (...args: string[]) =>
    askLading(args, {
      LADING_URL: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
      LADING_KEY: 'a-key',
    });
  const clean = ({ output, said }: { output: string; said: string }): void => {
    for (const line of `${output}\n${said}`.split('\n')) expect(line).not.toMatch(NEVER);
  };
  const COMMANDS = [
    ...[
      ...[
        'holdings',
        'orders',
        'shipments',
        'holds',
        'available',
        'swaps',
        'flags',
        'activity',
        'reasons',
        'units',
        'diff',
        'history',
      ],
    ].map((list) => [list, '-l', 'a']),
    ['queue', 'GPU', '-l', 'a'],
    ['supply', 'GPU', '-l', 'a'],
    ['history', '--swap', 'SW', '-l', 'a'],
    ['why', '-l', 'a'],
    ['tenure', 'tesla', '-l', 'a'],
    ['unit', 'GPU', '1', '-l', 'a'],
    ['status'],
  ];

  it.each(COMMANDS)('is cleaned in the tables and the JSON of %s', async (...command) => {
    answer = { status: 200, type: 'application/json', body: JSON.stringify({ data: [row], next: null }) };
    const [table, json] = await Promise.all([run(...command), run(...command, '--json')]);
    expect(table.code).toBe(0);
    clean(table);
    clean(json);
    expect(JSON.parse(json.output)).toEqual([row]);
  });

  it.each([...COMMANDS, ['demo'], ['replay', '-l', 'a', '--from', 'http']])(
    'is cleaned in the problems that %s reports',
    async (...command) => {
      answer = { status: 400, type: 'application/problem+json', body: JSON.stringify(problem) };
      const { code, ...said } = await run(...command);
      expect(code).toBe(2);
      clean(said);
    },
  );

  it('is cleaned in what submit says about refused events', async () => {
    const file = join(folder, 'events.ndjson');
    writeFileSync(file, '{}\n');
    answer = {
      status: 200,
      type: 'application/x-ndjson',
      body: `${JSON.stringify({ line: 1, status: 400, problem })}\n`,
    };
    clean(await run('submit', '-l', 'a', file));
    clean(await run('submit', '-l', 'a', '--json', file));
  });
});
