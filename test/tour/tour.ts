import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Recorder, type Ran } from './recorder.ts';

export interface Tour {
  /** From the request with an order until a question could be answered from it. */
  readonly order: readonly Ran[];
  /** A question for the holdings of a party. */
  readonly question: readonly Ran[];
}

/** The files, each once, in the order in which a function of each ran first. */
export const filesOf = (ran: readonly Ran[]): string[] => [...new Set(ran.map(({ file }) => file))];

const LEDGER = 'tour';
const TIME = '2026-01-05T09:00:00Z';
/** The signer looks for new events once a second, whatever happens, and nobody's answer waits for it. */
const isOfSigner = ({ file }: Ran): boolean =>
  file.startsWith('libs/checkpoints/') || file === 'libs/feed/src/leadership.ts';
/** No function of Lading asks or waits here: what runs meanwhile is what the order made run. */
const PROJECTED = `SELECT schema_name FROM information_schema.schemata WHERE schema_name ~ '^rm_[0-9]+$' ORDER BY schema_name`;

/** Submits an order to a running Lading of this process, and asks it a question, and says what ran. */
export async function takeTour(url: string, key: string, dataDir: string): Promise<Tour> {
  const { databaseUrl } = JSON.parse(await readFile(join(dataDir, 'running.json'), 'utf8')) as { databaseUrl: string };
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  const recorder = new Recorder();
  await recorder.open();
  try {
    const visitor = new Visitor(url, key, database);
    await visitor.prepare();
    const order = (await recorder.record(() => visitor.placeOrder(), 5)).filter((ran) => !isOfSigner(ran));
    // On a loaded machine what runs every second, whatever is asked, ran in each of three. The same is why an order is placed five times.
    const question = (await recorder.record(() => visitor.ask(), 6)).filter((ran) => !isOfSigner(ran));
    return { order, question };
  } finally {
    recorder.close();
    await database.end();
  }
}

/** Somebody who uses Lading over HTTP, and looks at its database only to see when an order is projected. */
class Visitor {
  #sequence = 0;
  #orders = 0;

  constructor(
    private readonly url: string,
    private readonly key: string,
    private readonly database: pg.Client,
  ) {}

  /** A ledger with two parties and an item; and everything once, so that what happens the first time only is over. */
  async prepare(): Promise<void> {
    await this.#send('PUT', `/v1/ledgers/${LEDGER}`, 'application/json', { name: 'A tour', keeper: 'maker' });
    for (const [party, role] of [
      ['maker', 'supplier'],
      ['acme', 'customer'],
    ]) {
      await this.#submit('lading.party.registered.v1', `party-${party}`, { party, name: party, roles: [role] });
    }
    await this.#submit('lading.item.registered.v1', 'item', { item: 'GPU', name: 'A GPU', tracking: 'quantity' });
    await this.placeOrder();
    await this.ask();
  }

  /** Resolves when the order is projected. */
  async placeOrder(): Promise<void> {
    const order = `PO-${++this.#orders}`;
    const window = { from: '2026-03-01', to: '2026-03-31' };
    const lines = [{ line: '1', item: 'GPU', quantity: 100, window }];
    await this.#submit('lading.order.placed.v1', order, { order, buyer: 'acme', supplier: 'maker', lines });
    await this.#projected();
  }

  async ask(): Promise<void> {
    await this.#send('GET', `/v1/ledgers/${LEDGER}/holdings?owner=acme`);
  }

  async #submit(type: string, id: string, data: unknown): Promise<void> {
    const event = { specversion: '1.0', id, source: 'urn:lading-tour', type, time: TIME, data };
    const path = `/v1/ledgers/${LEDGER}/events`;
    const receipt = await this.#send('POST', path, 'application/cloudevents+json', event);
    this.#sequence = (receipt as { sequence: number }).sequence;
  }

  async #send(method: string, path: string, type?: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.key}`, ...(type === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text) as unknown;
  }

  async #projected(): Promise<void> {
    const { rows } = await this.database.query<{ schema_name: string }>(PROJECTED);
    const schema = rows.at(-1)?.schema_name ?? 'rm_1';
    const position = `SELECT 1 FROM ${schema}.positions WHERE ledger = $1 AND sequence >= $2`;
    while ((await this.database.query(position, [LEDGER, this.#sequence])).rowCount === 0) await sleep(5);
    // The projection's transaction is committed; what its process does after the answer to COMMIT belongs to it.
    await sleep(50);
  }
}
