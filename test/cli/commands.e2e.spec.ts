import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { buildProgram } from '#apps/cli/src/program';
import { compressed, wholeArchive } from '#audit/bundle';
import type { Item } from '#audit/items';
import { formatVerifierKey } from '#proofs/signedNote';
import { aKeeper, checkpointOf, someEvents } from '#test/audit/signedLedger';
import { eventually } from '#test/feed/eventually';
import { type Lading, startLading } from '#test/setup/startLading';
import { freePort } from '#test/setup/freePort';
import { askLading, type Ran, runLading } from './runLading.ts';

const party = (id: string) => ({
  specversion: '1.0',
  id: `party-${id}`,
  source: 'urn:test:erp',
  type: 'lading.party.registered.v1',
  time: '2026-01-05T09:00:00Z',
  data: { party: id, name: id, roles: ['customer'] },
});

const LISTS = [
  ...['holdings', 'orders', 'shipments', 'holds', 'available', 'swaps', 'queue', 'supply', 'flags'],
  ...['activity', 'reasons', 'units', 'diff', 'history', 'why', 'tenure', 'unit'],
];

describe('the command line', () => {
  let lading: Lading;
  let folder: string;

  beforeAll(async () => {
    lading = await startLading();
    folder = await mkdtemp(join(tmpdir(), 'lading-cli-'));
    expect(await ask('demo')).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
    await lading.stop();
  });

  it('submit --split records an order, its dispatch and its receipt of 500 lines each; tried first, it tells the same and records nothing', async () => {
    const numbers = Array.from({ length: 500 }, (_, n) => ({ line: String(n + 1) }));
    const event = (id: string, type: string, data: object) =>
      JSON.stringify({ ...party('x'), id, type: `lading.${type}.v1`, data });
    const window = { from: '2026-03-01', to: '2026-03-31' };
    const order = 'PO/2026/500';
    const all = [
      event('large', 'order.placed', {
        ...{ order, buyer: 'tesla', supplier: 'nvidia' },
        lines: numbers.map((line) => ({ ...line, item: 'H100', quantity: 2, window })),
      }),
      event('large-sent', 'shipment.dispatched', {
        ...{ shipment: 'S-500', consignee: 'tesla', carrier: 'carrier-1', document: 'ASN-500' },
        lines: numbers.map((line) => ({ order, ...line, quantity: 2 })),
      }),
      event('large-got', 'shipment.received', {
        ...{ shipment: 'S-500', by: 'tesla', final: true, document: 'GR-500' },
        lines: numbers.map((line) => ({ order, ...line, received: 2 })),
      }),
    ].join('\n');
    const split = (...options: string[]) =>
      runLading(['submit', '-l', 'nvidia', '--split', ...options], lading.environment, all);
    const tried = await split('--dry-run');
    expect(tried).toMatchObject({ code: 0, output: expect.stringMatching(/^\d+ would be recorded, 0 refused\n$/) });
    // Nothing is there: the whole of it is tried again, and recorded then.
    expect(await split('--dry-run')).toEqual(tried);
    const events = Number.parseInt(tried.output, 10);
    expect(events).toBeGreaterThan(3 * 3);
    const recorded = await split();
    expect(recorded).toMatchObject({ code: 0, output: `${events} recorded, 0 refused\n` });
    expect(recorded.said).toBe(tried.said);
    expect(recorded.said.match(/is divided into [4-9] events/g)).toHaveLength(3);
    expect((await split()).output).toBe(`0 recorded, ${events} there already, 0 refused\n`);
    expect((await split('--dry-run')).output).toBe(`0 would be recorded, ${events} there already, 0 refused\n`);
    const asked = [...['holdings', '-l', 'nvidia', '--order', order], ...['--group-by', 'order,owner,stage', '--json']];
    await eventually(async () => {
      const { output } = await ask(...asked);
      expect(JSON.parse(output)).toEqual([{ order, owner: 'tesla', stage: 'held', quantity: 1000 }]);
    });
  });

  it('submit --split says which part of an event was refused, also when it is only tried', async () => {
    const lines = Array.from({ length: 200 }, (_, n) => ({
      ...{
        line: String(n + 1),
        item: n < 199 ? 'H100' : 'X1',
        quantity: 2,
        window: { from: '2026-03-01', to: '2026-03-31' },
      },
    }));
    const data = { order: 'PO-200', buyer: 'tesla', supplier: 'nvidia', lines };
    const placed = JSON.stringify({ ...party('x'), id: 'half', type: 'lading.order.placed.v1', data });
    const options = ['submit', '-l', 'nvidia', '--split', '--dry-run'];
    const { code, output } = await runLading(options, lading.environment, placed);
    expect(code).toBe(3);
    expect(output).toMatch(
      /^1 would be recorded, 1 refused\n {2}1 × unknown-item, first at \(stdin\)\[0\], part 2 of 2: /,
    );
  });

  const ask = (...args: string[]): Promise<Ran> => askLading(args, lading.environment);
  const submit = (input: string): Promise<Ran> =>
    runLading(['submit', '--ledger', 'nvidia'], lading.environment, input);

  it('shows help with an example for every command', async () => {
    const { commands } = await buildProgram();
    const names = commands.map((command) => command.name());
    expect(names).toEqual([
      'up',
      'demo',
      'submit',
      'void',
      ...LISTS,
      'status',
      'dashboard',
      'replay',
      'verify',
      'export',
      'import',
      'evidence',
      'rebuild',
      'witness',
      'signing-keys',
      'api-keys',
    ]);
    for (const command of commands) {
      let text = '';
      command.configureOutput({ writeOut: (part) => (text += part) });
      command.outputHelp();
      expect(text).toMatch(/Examples?:\n {2}.*lading/);
    }
  });

  it('verify compares the balances with the read models over HTTP and in the database, and names the first account that differs', async () => {
    const key = await eventually(async () => {
      const { code, output } = await ask('signing-keys', 'list', '--ledger', 'nvidia');
      expect(code).toBe(0);
      return output;
    });
    const verify = (...args: string[]) =>
      ask('verify', '-l', 'nvidia', '--no-state', '--verifier-key', key.trim(), ...args);
    const everywhere = async (check: (ran: Ran) => void) => {
      check(await verify('--from', 'http', '--compare', 'http'));
      check(await verify('--compare', 'database'));
      check(await verify('--from', 'http', '--compare', lading.client.url, '--json'));
    };
    await eventually(async () => {
      expect(await verify('--from', 'http')).toMatchObject({ code: 0 });
    });
    await everywhere((ran) => {
      expect(ran).toMatchObject({ code: 0, output: expect.stringContaining('compared') });
    });
    const { rows } = await lading.pool.query<{ version: number }>('SELECT version FROM read_model_active');
    const change = (text: string) =>
      lading.pool.query(`${text.replace('holdings', `rm_${rows[0]!.version}.holdings`)} AND "order" = 'PO-TSLA-1'`);
    await change(`UPDATE holdings SET quantity = quantity + 1 WHERE owner = 'x' AND stage = 'held'`);
    await everywhere((ran) => {
      expect(ran).toMatchObject({
        code: 6,
        said: expect.stringMatching(
          /H100 of order PO-TSLA-1, line 1, held at x for x: 12001 there, and 12000 by the moves/,
        ),
      });
    });
    await change(`UPDATE holdings SET quantity = quantity - 1 WHERE owner = 'x' AND stage = 'held'`);
    // Somebody has a bundle of more events than are left here.
    const [keeper, longer] = [await aKeeper(), join(folder, 'longer.bundle')];
    const [entries, own] = [someEvents(2_000), formatVerifierKey(keeper.key)];
    async function* items(): AsyncGenerator<Item> {
      yield { kind: 'checkpoint', note: await checkpointOf(entries, keeper) };
      yield { kind: 'entries', first: 1, entries };
    }
    const archive = wholeArchive({ kind: 'whole', ledger: 'nvidia', size: 2_000, keys: [own] }, items());
    await writeFile(longer, compressed(archive));
    const file = ['verify', '-l', 'nvidia', '--no-state', '--verifier-key', own, '--file', longer, '--json'];
    const { sequence: endsAfter } = await lading.client.get<{ sequence: number }>(
      '/v1/ledgers/nvidia/holdings?limit=1',
    );
    for (const where of ['http', 'database']) {
      const { code, output, said } = await ask(...file, '--compare', where);
      expect([code, said]).toEqual([6, expect.stringMatching(/The ledger ends there after event \d+, and the 2000/)]);
      expect(JSON.parse(output)).toMatchObject({ outcome: 'differs', endsAfter });
    }
    // A key that speaks for a party is answered its own accounts: that proves nothing about the others.
    const made = await ask('api-keys', 'create', 'of-x', '--role', 'read', '--party', 'x', '--json');
    const { secret } = JSON.parse(made.output) as { secret: string };
    expect(await verify('--compare', 'http', '--key', secret)).toMatchObject({ code: 5 });
    expect(await verify('--compare', 'database', '--no-fold')).toMatchObject({ code: 2 });
  });

  it('submits one event, an array and NDJSON alike, and reports which events were recorded already', async () => {
    const array = join(folder, 'array.json');
    await writeFile(array, JSON.stringify([party('one'), party('two')], null, 2));
    const one = join(folder, 'one.json');
    await writeFile(one, JSON.stringify(party('three'), null, 2));

    expect(await ask('submit', '-l', 'nvidia', array, one)).toMatchObject({
      code: 0,
      output: '3 recorded, 0 refused\n',
    });
    const lines = ['two', 'four'].map((id) => `${JSON.stringify(party(id))}\n`).join('');
    expect(await submit(lines)).toMatchObject({ code: 0, output: '1 recorded, 1 there already, 0 refused\n' });
  });

  it('tries events of several files on what those before them would leave, prints them, and records none', async () => {
    const placed = {
      ...party('dry'),
      type: 'lading.order.placed.v1',
      data: {
        order: 'PO-DRY',
        buyer: 'dry',
        supplier: 'nvidia',
        lines: [{ line: '1', item: 'H100', quantity: 7, window: { from: '2024-01-01', to: '2024-01-31' } }],
      },
    };
    const [first, second] = [join(folder, 'dry-1.json'), join(folder, 'dry-2.json')];
    await writeFile(first, JSON.stringify({ ...party('dry'), id: 'dry-party' }));
    await writeFile(second, JSON.stringify({ ...placed, id: 'dry-order' }));
    const tried = { code: 0, output: '2 would be recorded, 0 refused\n' };
    expect(await ask('submit', '-l', 'nvidia', '--dry-run', first, second)).toMatchObject(tried);
    const { output } = await ask('submit', '-l', 'nvidia', '--dry-run', '--json', first, second);
    const events = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: { data: object } });
    expect(events.at(-1)).toMatchObject({ event: { data: { order: 'PO-DRY', moves: [{ quantity: 7 }] } } });
    // Nothing of it is there: alone, the order names a party that nobody registered.
    expect(await ask('submit', '-l', 'nvidia', '--dry-run', second)).toMatchObject({
      code: 3,
      output: expect.stringContaining('unknown-party'),
    });
  });

  it('counts rejected events by their code, keeps the other events, and exits with 3', async () => {
    const none = { ...party('x'), id: 'none', type: 'lading.order.line_cancelled.v1' };
    const cancelled = { ...none, data: { order: 'PO-9', line: '1', initiator: 'buyer' } };
    const { code, output } = await submit(`${JSON.stringify(cancelled)}\n{"half":\n${JSON.stringify(party('five'))}\n`);
    expect(code).toBe(3);
    expect(output).toContain('1 recorded, 2 refused');
    expect(output).toMatch(/1 × unknown-order, first at \(stdin\):1: There is no order PO-9/);
    expect(output).toMatch(/1 × (not-json|malformed), first at \(stdin\):2/);
  });

  it('prints holdings as a table for people and as JSON for programs', async () => {
    const table = await ask('holdings', '-l', 'nvidia', '--owner', 'x');
    expect(table.output).toContain('│ x     │ x         │ H100 │ PO-TSLA-1 │ 1    │ held  │   12,000 │');
    const json = await ask('holdings', '-l', 'nvidia', '--group-by', 'owner,stage', '--json');
    expect(JSON.parse(json.output)).toEqual(expect.arrayContaining([{ owner: 'x', stage: 'held', quantity: 12_000 }]));
  });

  const ARGUMENTS: Readonly<Record<string, string>> = { queue: 'H100', supply: 'H100', tenure: 'tesla' };
  const asking = (list: string) => [list, ...(list in ARGUMENTS ? [ARGUMENTS[list]!] : []), '-l', 'nvidia'];

  // The memo has no units with serial numbers.
  it.each(LISTS.filter((list) => list !== 'unit'))('prints %s as a table within 80 columns', async (list) => {
    const table = await ask(...asking(list));
    expect(table).toMatchObject({ code: 0, said: '' });
    for (const line of table.output.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(table.output === 'Nothing.\n').toBe(['holds', 'units', 'diff'].includes(list)); // of which the memo has none
  });

  it('draws what is owed under a swap, by week, and takes no account beside it', async () => {
    const table = await ask('history', '-l', 'nvidia', '--swap', 'SW-1', '--by', 'week');
    expect(table).toMatchObject({ code: 0, said: '' });
    expect(table.output).toMatch(/│ tesla │ H100 │ +-?[\d,]+ │ +-?[\d,]+ │/);
    for (const line of table.output.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const mixed = await ask('history', '-l', 'nvidia', '--swap', 'SW-1', '--owner', 'x');
    expect(mixed).toMatchObject({ code: 2, said: expect.stringContaining('owner: unknown parameter') });
  });

  it.each(['orders', 'queue', 'flags', 'why', 'tenure'])(
    'prints %s as JSON and as CSV with the same rows',
    async (list) => {
      const [json, csv] = await Promise.all([ask(...asking(list), '--json'), ask(...asking(list), '--csv')]);
      const rows = JSON.parse(json.output) as unknown[];
      expect(rows.length).toBeGreaterThan(0);
      expect(csv.output.split('\r\n')).toHaveLength(rows.length + 2);
    },
  );

  it('prints no more rows than asked, and says that there are more', async () => {
    const { output, said } = await ask('activity', '-l', 'nvidia', '--limit', '3', '--json');
    expect(JSON.parse(output)).toHaveLength(3);
    expect(said).toBe('There are more rows than 3: --limit prints more of them.\n');
    expect((await ask('activity', '-l', 'nvidia', '--limit', '3', '--csv')).output.split('\r\n')).toHaveLength(5);
  });

  it('says of an event that was taken back that it was, and by which', async () => {
    const { output } = await ask('activity', '-l', 'nvidia', '--party', 'xai');
    expect(output).toMatch(/│ 19 │ \S+ +│ custody\.transferred \(taken .*\n.* back by 20\) /);
    const diff = await ask(
      'diff',
      '-l',
      'nvidia',
      '--group-by',
      'custodian',
      '--from-known',
      '18',
      '--at',
      '2023-12-31',
    );
    expect(diff.output).toContain('19 (+4,000), 20 (-4,000, takes back 19)');
  });

  it('keeps every line of its help within 80 columns', async () => {
    const program = await buildProgram();
    for (const command of [program, ...program.commands]) {
      let text = '';
      command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 80 });
      command.outputHelp();
      expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    }
  });

  it.each([
    ['npm', { npm_lifecycle_event: 'lading' }, 'npm run -s lading --'],
    ['node', { npm_lifecycle_event: '' }, `node ${relative(process.cwd(), join(packageRoot, 'scripts/lading.mjs'))}`],
  ])('says in its help what can be typed as it stands, when it was called by %s', async (_, environment, called) => {
    const { output } = await runLading(['replay', '--help'], { ...lading.environment, ...environment });
    expect(output).toContain(`Usage: ${called} replay [options]\n`);
    const [, examples = ''] = output.split('Examples:\n');
    const lines = examples
      .replaceAll(/ \\\n +/g, ' ')
      .trim()
      .split('\n');
    for (const line of lines) expect(line.trim().startsWith(`${called} replay --ledger nvidia`)).toBe(true);
  });

  it('shows how far every consumer has come', async () => {
    // What was submitted just now may not be signed yet.
    await eventually(async () => {
      const { output } = await ask('status', '--json');
      expect(JSON.parse(output)).toEqual(
        ['projector', 'signer'].map((consumer): unknown =>
          expect.objectContaining({ consumer, ledger: 'nvidia', state: 'live' }),
        ),
      );
    });
    const csv = (await ask('status', '--csv')).output.split('\r\n').map((line) => line.split(','));
    const of = (row: number) => Object.fromEntries(csv[0]!.map((name, at) => [name, csv[row]![at]]));
    expect(of(1)).toMatchObject({ consumer: 'projector', ledger: 'nvidia', state: 'live' });
    expect(await ask('status', '--csv', '--json')).toMatchObject({ code: 2, said: expect.stringMatching(/choose/) });
  });

  it("replays a ledger: the journal's bytes, from the database and from a file, fold into what the query answers", async () => {
    const { databaseUrl, ...environment } = { ...lading.environment, databaseUrl: '' };
    expect(databaseUrl).toBe('');
    const events = await runLading(['replay', '-l', 'nvidia', '--no-holdings'], environment);
    const file = join(folder, 'nvidia.ndjson');
    await writeFile(file, events.output);
    expect(
      events.output
        .trimEnd()
        .split('\n')
        .map((line) => Number((JSON.parse(line) as { sequence: string }).sequence)),
    ).toEqual(Array.from({ length: events.output.trimEnd().split('\n').length }, (_, at) => at + 1));

    const folded = await ask('replay', '-l', 'nvidia', '--file', file, '--no-events');
    const asked = await ask('holdings', '-l', 'nvidia');
    const rows = (text: string) =>
      text
        .split('\n')
        .filter((line) => line.startsWith('│ ') && /\d/.test(line))
        .sort();
    expect(rows(folded.output)).toEqual(rows(asked.output));
  });

  it('replays a ledger over HTTP to the same bytes as from the database, and adds its holdings up by any keys', async () => {
    const bytes = await ask('replay', '-l', 'nvidia', '--no-holdings');
    expect(await ask('replay', '-l', 'nvidia', '--url', lading.client.url, '--no-holdings')).toEqual(bytes);
    const { output } = await ask('replay', '-l', 'nvidia', '--no-events', '--owner', 'x', '--group-by', 'item,stage');
    expect(output).toContain('│ H100 │ held  │   12,000 │');
    expect(await ask('replay', '-l', 'nvidia', '--group-by', 'colour')).toMatchObject({ code: 2 });
  });

  it('asks lists as of any moment, and folds a stream as of the same moment from wherever it is read', async () => {
    const json = async (...asked: string[]) =>
      JSON.parse((await ask(...asked, '--json')).output) as { order: string }[];
    const all = await json('orders', '-l', 'nvidia');
    const [before, later] = [
      await json('orders', '-l', 'nvidia', '--known', '1'),
      await json('orders', '-l', 'nvidia', '--at', '2200-01-01'),
    ];
    expect([before, later.length]).toEqual([[], all.length]);
    const csv = await ask('orders', '-l', 'nvidia', '--csv', '--at', '2200-01-01');
    expect(csv.output).toBe((await ask('orders', '-l', 'nvidia', '--csv')).output);
    expect(await ask('orders', '-l', 'nvidia', '--at', '2023-12-31T10:00:00')).toMatchObject({ code: 2 });

    const moment = ['--at', '2023-12-20', '--known', new Date().toISOString()];
    const events = await ask('replay', '-l', 'nvidia', '--no-holdings', ...moment);
    const times = events.output
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { time: string }).time);
    expect(times.every((time) => time < '2023-12-21')).toBe(true);
    const file = join(folder, 'all.ndjson');
    await writeFile(file, (await ask('replay', '-l', 'nvidia', '--no-holdings')).output);
    const folded = await ask('replay', '-l', 'nvidia', '--no-events', ...moment);
    expect(folded.output).toContain(`${times.length} events of nvidia`);
    for (const from of [
      ['--file', file],
      ['--url', lading.client.url],
    ])
      expect(await ask('replay', '-l', 'nvidia', '--no-events', ...moment, ...from)).toEqual(folded);
    for (const [bound, value, why] of [
      ['--at', 'then', /^lading: "then" is no moment: write one with its offset/],
      ['--known', '-1', /^lading: "-1" is no sequence and no moment: write a sequence, 17, a moment with its offset/],
    ] as const)
      expect((await ask('replay', '-l', 'nvidia', `${bound}=${value}`)).said).toMatch(why);
    for (const from of [['--file', file], []]) {
      const beyond = await ask('replay', '-l', 'nvidia', '--no-events', '--known', '1000', ...from);
      expect(beyond).toMatchObject({ code: 2, output: '' });
      expect(beyond.said).toMatch(
        /^lading: Ledger nvidia ends at (\d+) there: write at most --known \1, or leave it out\.$/m,
      );
    }
    const future = await ask('replay', '-l', 'nvidia', '--known', '2200-01-01');
    expect(future).toMatchObject({ code: 2, said: expect.stringContaining('Write a moment that is over') });
  });

  it('stops at a hole in a stream, and exits with 6', async () => {
    const { output } = await ask('replay', '-l', 'nvidia', '--no-holdings');
    const file = join(folder, 'hole.ndjson');
    await writeFile(file, output.split('\n').toSpliced(4, 1).join('\n'));
    const { code, said } = await ask('replay', '-l', 'nvidia', '--file', file, '--no-events');
    expect({ code, said }).toEqual({
      code: 6,
      said: 'lading: The stream has a hole: after event 4 comes 6. The events after the hole were not replayed.\n',
    });
  });

  it('rebuilds the read models beside the ones that answer', async () => {
    const { code, output } = await ask('rebuild', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ version: 2, by: 'projector' });
  });

  it('makes a key that works until it is revoked, and shows its secret once', async () => {
    const made = await ask('api-keys', 'create', 'reader', '--role', 'read', '--ledger', 'nvidia');
    const secret = made.output.trim();
    const asReader = (...args: string[]) => askLading(args, { ...lading.environment, LADING_KEY: secret });

    expect(await asReader('holdings', '-l', 'nvidia')).toMatchObject({ code: 0 });
    expect((await ask('api-keys', 'list')).output).not.toContain(secret);
    expect(await asReader('submit', '-l', 'nvidia', '--json', join(folder, 'one.json'))).toMatchObject({ code: 5 });
    expect(await ask('api-keys', 'revoke', 'reader')).toMatchObject({ code: 0 });
    await eventually(async () => {
      expect(await asReader('holdings', '-l', 'nvidia')).toMatchObject({ code: 5 });
    });
  });

  it('rotates a key: the old secret works for the grace that was given beside the new one, and without a grace not at all', async () => {
    const secretOf = ({ output }: Ran) => output.trim();
    const code = async (secret: string) =>
      (await askLading(['holdings', '-l', 'nvidia'], { ...lading.environment, LADING_KEY: secret })).code;
    const first = secretOf(await ask('api-keys', 'create', 'desk', '--role', 'read'));

    const gentle = await ask('api-keys', 'rotate', 'desk', '--grace', '24h');
    const ends = Date.parse(/The old secret works until (\S+)\.\n$/.exec(gentle.said)?.[1] ?? '');
    expect(ends - Date.now()).toBeGreaterThan(23 * 3_600_000);
    expect(ends - Date.now()).toBeLessThanOrEqual(24 * 3_600_000);
    expect([await code(first), await code(secretOf(gentle))]).toEqual([0, 0]);
    expect((await ask('api-keys', 'list')).said).toContain('the secret of desk before its rotation works until');

    const strict = await ask('api-keys', 'rotate', 'desk');
    expect(strict.said).toMatch(/The old secret has ended\.\n$/);
    await eventually(async () => {
      expect([await code(first), await code(secretOf(gentle)), await code(secretOf(strict))]).toEqual([5, 5, 0]);
    });
  });

  it('makes keys that end: after a time, at the end of a day or at a moment; whoever lists them is told of those that end soon', async () => {
    const create = async (name: string, expires: string) => {
      const made = await ask('api-keys', 'create', name, '--role', 'read', '--json', '--expires', expires);
      return {
        ...made,
        key: made.code === 0 ? (JSON.parse(made.output) as { expires: string; secret: string }) : null,
      };
    };
    expect((await create('day', '2999-12-31')).key?.expires).toBe('3000-01-01T00:00:00.000Z');
    expect((await create('moment', '2999-12-31T12:00:00+01:00')).key?.expires).toBe('2999-12-31T11:00:00.000Z');
    const soon = await create('soon', '7d');
    expect(Date.parse(soon.key?.expires ?? '') - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
    const { said, output } = await ask('api-keys', 'list');
    expect(said).toMatch(/^soon expires at \S+: .*api-keys rotate soon --expires 90d$/m);
    expect(said).not.toMatch(/^(day|moment) expires/m);
    expect(output).toMatch(/day +│ read +│ +│ never +│ 3000-01-01/);

    const ended = await ask('api-keys', 'rotate', 'soon', '--expires', '1s');
    const asSoon = () =>
      askLading(['holdings', '-l', 'nvidia'], { ...lading.environment, LADING_KEY: ended.output.trim() });
    await eventually(async () => {
      expect(await asSoon()).toMatchObject({ code: 5 });
    });
    expect((await ask('api-keys', 'list')).said).toMatch(
      /^soon has expired at \S+: .*api-keys rotate soon --expires 90d$/m,
    );
  });

  const mistakes: [string, string[], Record<string, string>, number, RegExp][] = [
    ['an unknown command', ['fly'], {}, 2, /unknown command 'fly'/],
    ['a missing option', ['holdings'], {}, 2, /required option '-l, --ledger <ledger>'/],
    [
      'a file that is not there',
      ['submit', '-l', 'nvidia', 'nowhere.json'],
      {},
      2,
      /nowhere\.json cannot be read: ENOENT/,
    ],
    [
      'an address that is none',
      ['status', '--url', 'localhost:7400'],
      {},
      2,
      /localhost:7400 is not an address: give one like http/,
    ],
    [
      'an address with a password',
      ['status', '--url', 'http://me:secret@127.0.0.1'],
      {},
      2,
      /The address of 127\.0\.0\.1 has a password in it: give the key with LADING_KEY instead\.\n$/,
    ],
    [
      'another machine without a key for it, to which the admin key is not sent',
      ['status', '--url', 'http://lading.example'],
      {},
      5,
      /No API key for lading\.example: name one with LADING_KEY or --key/,
    ],
    ['a ledger that is not there', ['holdings', '-l', 'nowhere'], {}, 2, /answered 404/],
    ['a wrong stage', ['holdings', '-l', 'nvidia', '--stage', 'flying'], {}, 2, /stage/],
    ['a wrong key', ['holdings', '-l', 'nvidia'], { LADING_KEY: 'lading_wrong' }, 5, /answered 401/],
    ['a bad setting', ['up'], { LADING_PORT: 'seven' }, 2, /LADING_PORT=seven is not a port/],
    ['a grace without a unit', ['api-keys', 'rotate', 'a', '--grace', '24'], {}, 2, /like 90s, 30m, 24h or 7d/],
    ['a grace longer than ten years', ['api-keys', 'rotate', 'a', '--grace', '3651d'], {}, 2, /at most 3650d/],
    ['an end that is no time', ['api-keys', 'rotate', 'a', '--expires', 'soon'], {}, 2, /a day like 2026-12-31/],
    ['an end without an offset', ['api-keys', 'rotate', 'a', '--expires', '2999-01-01T00:00'], {}, 2, /a moment like/],
    ['an end that has passed', ['api-keys', 'create', 'b', '--role', 'read', '--expires', '2020-01-01'], {}, 2, /past/],
    ['a key that is not there', ['api-keys', 'rotate', 'nobody'], {}, 2, /nobody/],
    ['the admin key, which is not in the database', ['api-keys', 'rotate', 'admin'], {}, 2, /LADING_ADMIN_KEY/],
    ['a role that is not one', ['api-keys', 'create', 'a', '--role', 'king'], {}, 2, /Allowed choices are/],
    [
      'Kafka that is not set',
      ['replay', '-l', 'nvidia', '--from', 'kafka'],
      { KAFKA_BROKERS: '' },
      2,
      /KAFKA_BROKERS is not set/,
    ],
  ];
  it.each(mistakes)('answers %s in a line, without a stack', async (_, args, env, code, said) => {
    const ran = await askLading(args, { ...lading.environment, ...env });
    expect(ran.said).toMatch(said);
    expect(ran.said).not.toMatch(/\n\s+at /);
    expect(ran.code).toBe(code);
  });

  it('says which address is needed when a service does not answer questions', async () => {
    const { code, said } = await ask('holdings', '-l', 'nvidia', '--url', `${lading.client.url}/elsewhere`);
    expect(code).toBe(2);
    expect(said).toMatch(/answered 404: .*"npm run stack" answers questions at its first port, 7400 unless/);
  });

  it('says to leave a path of the interface out of the address', async () => {
    const { code, said } = await ask('holdings', '-l', 'nvidia', '--url', `${lading.client.url}/v1`);
    expect(code).toBe(2);
    expect(said).toBe(`lading: The address of the service is ${lading.client.url}, without /v1: leave that out.\n`);
  });

  it('says once what is wrong with a request', async () => {
    const { code, said } = await ask('holdings', '-l', 'nvidia', '--stage', 'nowhere');
    expect(code).toBe(2);
    const [first = '', ...rest] = said.trimEnd().split('\n');
    expect(first).toMatch(/answered 400: .*stage/);
    expect(rest).toEqual([]);
  });

  it('says that another program answers at the address', async () => {
    const other = createServer((_, response) => response.end('<html>'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const { code, said } = await ask('status', '--url', `http://127.0.0.1:${String(port)}`);
    other.close();
    expect(code).toBe(4);
    expect(said).toMatch(/^lading: What answers at http:.* \(status 200\) is not Lading: correct the address/);
  });

  it('reports in one line that nothing answers, and exits with 4', async () => {
    const url = `http://127.0.0.1:${String(await freePort())}`;
    const { code, said } = await ask('holdings', '-l', 'nvidia', '--url', url);
    expect(code).toBe(4);
    expect(said).toMatch(/^lading: Nothing answers at .* \(ECONNREFUSED\)\. Start it with "npm start"/);
  });
});
