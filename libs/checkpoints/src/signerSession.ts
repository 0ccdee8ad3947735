import { stat } from 'node:fs/promises';
import type pg from 'pg';
import type { KafkaConnection } from '#feed/kafkaClient';
import type { Leadership } from '#feed/leadership';
import type { FeedLog } from '#feed/observer';
import type { TopicSettings } from '#feed/topic';
import { readHeads } from '#journal/reader';
import { listen } from '#platform/database/listen';
import { Signal } from '#platform/database/signal';
import { ConfigError } from '#platform/service/config';
import { parseCheckpoint } from '#proofs/checkpoint';
import { onNode } from '#proofs/onNode';
import type { Hash } from '#proofs/primitives';
import { formatVerifierKey, parseVerifierKey, signersOf } from '#proofs/signedNote';
import { hasCheckpoints, newestStored, noteAskedWitnesses, SIGN_CHANNEL } from './checkpoints.ts';
import { CheckpointTopic, type PublishedNote } from './checkpointTopic.ts';
import { Newest } from './newest.ts';
import { PublishedFile } from './publishedFile.ts';
import {
  inventedName,
  type KeyFile,
  makeSigningKeys,
  readSigningKeys,
  type SigningKeys,
  verifierKeyOf,
} from './signingKeys.ts';
import { type WitnessAddress, Witnesses } from './witness/witnesses.ts';
import { type SignerObserver, type Signing, signLedger } from './signLedger.ts';

export interface SignerOptions {
  /** The URL of the journal's database, which `pool` reads. */
  readonly url: string;
  readonly pool: pg.Pool;
  readonly keyFile: KeyFile;
  /** Of what was published. */
  readonly stateFile: string;
  /** What the origin of every ledger begins with; undefined: as the file of the keys says. */
  readonly origin: string | undefined;
  /** Where checkpoints are published beside HTTP. */
  readonly kafka?: KafkaConnection & { readonly topic: TopicSettings };
  /** Who cosigns: verifier keys with their addresses. */
  readonly witnesses?: readonly { readonly key: string; readonly url: string }[];
  readonly log?: FeedLog | undefined;
  readonly observer?: SignerObserver | undefined;
  /** Milliseconds between two looks at all ledgers, and so between two checkpoints of one, unless one is demanded. */
  readonly every?: number | undefined;
}

const EVERY_MS = 1_000;

/** What is known of a ledger while one signer signs. */
interface Ledger {
  /** Of the last checkpoint; 0 and undefined while it is refused. */
  readonly size: number;
  readonly root: Hash | undefined;
  readonly keys: SigningKeys;
}

/** From the moment that this process has the lock until it loses it. */
export class Session {
  readonly #ledgers = new Map<string, Ledger>();
  readonly #due = new Set<string>();
  readonly #signal = new Signal();
  readonly refused = new Map<string, string>();
  readonly #witnesses: Witnesses | undefined;
  #headsAreDue = true;
  #stamp = '';

  private constructor(
    private readonly options: SignerOptions,
    private readonly leadership: Leadership,
    private readonly stop: AbortSignal,
    private readonly log: FeedLog,
    private keys: SigningKeys,
    private readonly newest: Newest,
    private readonly file: PublishedFile,
    private readonly topic: CheckpointTopic | undefined,
    witnesses: readonly WitnessAddress[],
  ) {
    this.#witnesses = witnesses.length === 0 ? undefined : this.#askThem(witnesses);
  }

  /** Finds out what was published, by all who know: nothing is signed before that. */
  static async open(options: SignerOptions, leadership: Leadership, stop: AbortSignal, log: FeedLog): Promise<Session> {
    const { client } = leadership;
    await client.query(DURABLE);
    const keys = await keysFor(options, client);
    const base = options.origin ?? keys.name;
    const newest = new Newest();
    for (const { origin, size, root } of await newestStored(client, base))
      newest.learn(origin, { size, root }, 'the database');
    const file = await PublishedFile.open(options.stateFile);
    for (const [origin, tree] of file.newest) newest.learn(origin, tree, 'the file of what was published');
    try {
      const topic =
        options.kafka &&
        (await CheckpointTopic.open(
          { ...options.kafka, log, stop, base, stillLeads: () => client.query('SELECT 1') },
          (published) => learnFromKafka(published, keys, newest, log),
        ));
      const witnesses = await Promise.all(
        (options.witnesses ?? []).map(async ({ key, url }) => ({ key: await parseVerifierKey(key, onNode), url })),
      );
      await noteAskedWitnesses(
        client,
        witnesses.map(({ key }) => formatVerifierKey(key)),
      );
      return new Session(options, leadership, stop, log, keys, newest, file, topic, witnesses);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get base(): string {
    return this.options.origin ?? this.keys.name;
  }

  get kafka(): string | undefined {
    return this.topic?.trouble;
  }

  async run(onSigning: () => void): Promise<void> {
    const lookAtHeads = () => {
      this.#headsAreDue = true;
      this.#signal.set();
    };
    const listener = listen({
      url: this.options.url,
      channels: [SIGN_CHANNEL],
      name: 'lading signer listener',
      onListening: lookAtHeads,
      onNotification: (ledger) => {
        this.#due.add(ledger);
        this.#signal.set();
      },
    });
    // Not at each commit: once a second is often enough, and heads are read without a look at any event.
    const poll = setInterval(lookAtHeads, this.options.every ?? EVERY_MS);
    try {
      while (!this.stop.aborted) {
        await this.#renewKeys();
        await this.#lookAtHeads();
        await this.#signThoseDue();
        onSigning();
        await this.#signal.wait(this.stop);
      }
    } finally {
      clearInterval(poll);
      await listener.close();
    }
  }

  async close(): Promise<void> {
    await this.topic?.close();
    await this.file.close();
  }

  #askThem(witnesses: readonly WitnessAddress[]): Witnesses {
    return new Witnesses({
      ...{ pool: this.options.pool, log: this.log, stop: this.stop, witnesses },
      keysOf: (origin) => Promise.all(this.keys.keys.map((key) => verifierKeyOf(key, origin))),
      onCosigned: ({ origin, size }, note) => {
        // An older one must not stand in the topic after a newer one.
        if (this.newest.of(origin)?.size === size) this.topic?.publish({ origin, note });
      },
      onLarger: (origin, tree, witness) => {
        this.newest.learn(origin, tree, `the witness ${witness}`);
        this.#headsAreDue = true;
        this.#ledgers.clear();
        this.#signal.set();
      },
    });
  }

  /** Those of a file that was changed meanwhile, by a rotation. */
  async #renewKeys(): Promise<void> {
    const { ino, mtimeMs } = await stat(this.options.keyFile.path);
    const stamp = `${ino} ${mtimeMs}`;
    if (stamp === this.#stamp) return;
    const keys = await readSigningKeys(this.options.keyFile);
    if (keys === undefined) throw new ConfigError([`the signing key ${this.options.keyFile.path} was removed`]);
    if (this.#stamp !== '') {
      if (this.options.origin === undefined && keys.name !== this.keys.name)
        throw new ConfigError([
          `the signing keys are those of another origin now: ${keys.name}, not ${this.keys.name}`,
        ]);
      this.#headsAreDue = true;
      this.keys = keys;
      this.log.info({}, 'the signing keys were changed: the new ones sign from now on');
    } else this.keys = keys;
    this.#stamp = stamp;
  }

  async #lookAtHeads(): Promise<void> {
    if (!this.#headsAreDue) return;
    this.#headsAreDue = false;
    for (const [ledger, head] of await readHeads(this.leadership.client)) {
      const known = this.#ledgers.get(ledger);
      if (known?.size !== head || known.keys !== this.keys) this.#due.add(ledger);
    }
  }

  async #signThoseDue(): Promise<void> {
    for (const ledger of [...this.#due]) {
      if (this.stop.aborted) return;
      // Before it is signed: what is demanded meanwhile puts it back.
      this.#due.delete(ledger);
      await this.#sign(ledger);
    }
  }

  async #sign(ledger: string): Promise<void> {
    const { client } = this.leadership;
    const { observer = {} } = this.options;
    const { keys, newest, file, topic, base } = this;
    const witnesses = this.#witnesses;
    const known = this.#ledgers.get(ledger);
    const done = known?.keys === keys && known.root !== undefined ? { size: known.size, root: known.root } : undefined;
    const signing: Signing = { client, base, keys, done, newest, file, topic, witnesses, observer };
    const signed = await signLedger(ledger, signing);
    if (signed?.kind === 'published') {
      this.#ledgers.set(ledger, { size: signed.size, root: signed.root, keys });
      if (this.refused.delete(ledger)) this.log.info({ ledger }, `ledger ${ledger} is signed again`);
      return;
    }
    if (signed?.kind === 'unchanged') return;
    this.#ledgers.set(ledger, { size: 0, root: undefined, keys });
    if (signed === undefined || this.refused.get(ledger) === signed.reason) return;
    this.refused.set(ledger, signed.reason);
    this.log.error({ ledger }, `ledger ${ledger} is not signed any more: ${signed.reason}. ${signed.advice}`);
  }
}

// Whatever the database's default is: what is stored is on the disk before it is published.
const DURABLE = `
  SELECT CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END`;

/** The keys. They are made when there are none, and nothing was ever signed here: a key that was lost is not replaced in silence. */
async function keysFor({ keyFile, origin }: SignerOptions, client: pg.ClientBase): Promise<SigningKeys> {
  const keys = await readSigningKeys(keyFile);
  if (keys !== undefined) return keys;
  if (await hasCheckpoints(client))
    throw new ConfigError([
      `${keyFile.setting}: the signing key ${keyFile.path} is gone, and checkpoints were signed with it: put back a copy, or make another one with "lading signing-keys make" under the same LADING_ORIGIN and tell the auditors (docs/operations.md)`,
    ]);
  await makeSigningKeys(keyFile, origin ?? inventedName());
  const made = await readSigningKeys(keyFile);
  if (made === undefined) throw new Error(`${keyFile.path} was removed while it was made`);
  return made;
}

/** Who may write to the topic could stop a ledger with a lie about it: what none of these keys signed does not count. */
async function learnFromKafka(
  { origin, note }: PublishedNote,
  { keys }: SigningKeys,
  newest: Newest,
  log: FeedLog,
): Promise<void> {
  try {
    const checkpoint = parseCheckpoint(note);
    const known = await Promise.all(keys.map((key) => verifierKeyOf(key, origin)));
    if (checkpoint.origin === origin && (await signersOf(checkpoint.note, known, onNode)).length > 0)
      newest.learn(origin, checkpoint, 'Kafka');
  } catch (error) {
    log.warn({ err: error, origin }, `what Kafka has as the checkpoint of ${origin} is none, and is passed over`);
  }
}
