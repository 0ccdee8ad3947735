import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { FeedLog } from '#feed/observer';
import { reasonOf } from '#feed/runner';
import { readNodes } from '#journal/tree';
import { cosignaturesOf, parseCheckpoint } from '#proofs/checkpoint';
import { onNode } from '#proofs/onNode';
import { concat } from '#proofs/primitives';
import { formatNote, formatVerifierKey, isOf, parseNote, signersOf, type VerifierKey } from '#proofs/signedNote';
import { counted, bytesOf, numberFrom, toBase64 } from '#proofs/text';
import { consistencyProof } from '#proofs/treeProofs';
import type { Tree } from '../newest.ts';
import { addCosignature, type StoredCheckpoint } from '../checkpoints.ts';

/** A witness that the checkpoints of the ledgers are sent to. */
export interface WitnessAddress {
  readonly key: VerifierKey;
  /** Without a slash at the end. */
  readonly url: string;
}

/** What is sent; as it was stored. */
type Sent = Omit<StoredCheckpoint, 'signed'>;

interface WitnessesOptions {
  readonly pool: pg.Pool;
  readonly witnesses: readonly WitnessAddress[];
  readonly log: FeedLog;
  readonly stop: AbortSignal;
  /** Told when a cosignature was stored. */
  readonly onCosigned: (sent: Sent, note: Buffer) => void;
  /** Told of a checkpoint that this log has signed, and that is larger than the one which was sent, or is not what it begins with. */
  readonly onLarger: (origin: string, tree: Tree, witness: string) => void;
  /** The log's own verifier keys, by its origin. */
  readonly keysOf: (origin: string) => Promise<VerifierKey[]>;
}

/** How long publishing waits for witnesses that answer. */
const PATIENCE_MS = 1_500;
/** A witness that does not answer in this time is away. */
const ANSWER_MS = 5_000;
const AGAIN_MS = 5_000;
const MAX_ANSWER = 64 * 1024;

/** Collects the cosignatures of all witnesses. One that is away is not waited for until it has answered again. */
export class Witnesses {
  readonly #options: WitnessesOptions;
  readonly #each: readonly OneWitness[];

  constructor(options: WitnessesOptions) {
    this.#options = options;
    this.#each = options.witnesses.map((witness) => new OneWitness(witness, options));
  }

  /** Resolves when all who are there have cosigned, or have had enough time; the others go on trying. */
  async collect(sent: Sent): Promise<void> {
    const answers = this.#each.flatMap((one) => {
      const answer = one.send(sent);
      return one.isAway ? [] : [answer];
    });
    const enough = new AbortController();
    const signal = AbortSignal.any([enough.signal, this.#options.stop]);
    await Promise.race([Promise.all(answers), sleep(PATIENCE_MS, undefined, { signal }).catch(() => undefined)]);
    enough.abort();
  }
}

/** One witness. Of each log only the newest checkpoint waits for it. */
class OneWitness {
  isAway = false;
  readonly #waiting = new Map<string, { sent: Sent; done: () => void }>();
  /** The size that it has cosigned last of each log, as far as is known. */
  readonly #cosigned = new Map<string, number>();
  #isWorking = false;
  #said = '';

  constructor(
    private readonly witness: WitnessAddress,
    private readonly options: WitnessesOptions,
  ) {}

  send(sent: Sent): Promise<void> {
    this.#waiting.get(sent.origin)?.done();
    const answered = new Promise<void>((resolve) => {
      this.#waiting.set(sent.origin, { sent, done: resolve });
    });
    if (!this.#isWorking) void this.#work();
    return answered;
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    const { stop, log } = this.options;
    const { name } = this.witness.key;
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || stop.aborted) break;
      const [origin, { sent, done }] = next;
      try {
        await this.#ask(sent);
        this.isAway = false;
        this.#said = '';
      } catch (error) {
        const reason = `the witness ${name} did not cosign ${counted(sent.size, 'event')} of ${origin}: ${reasonOf(error)}`;
        const isRefusal = error instanceof Refused;
        if (reasonOf(error) !== this.#said) log.warn({ witness: name }, reason);
        this.#said = reasonOf(error);
        if (!isRefusal) {
          this.isAway = true;
          done();
          await sleep(AGAIN_MS, undefined, { signal: stop }).catch(() => undefined);
          continue;
        }
      }
      done();
      // One that came meanwhile is the next.
      if (this.#waiting.get(origin)?.sent === sent) this.#waiting.delete(origin);
    }
    for (const { done } of this.#waiting.values()) done();
    this.#isWorking = false;
  }

  async #ask(sent: Sent): Promise<void> {
    const { key, url } = this.witness;
    const { pool, onCosigned } = this.options;
    const { origin, ledger, size } = sent;
    const note = parseNote(sent.note);
    if (note.signatures.some((one) => isOf(one, key))) return;
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const old = this.#cosigned.get(origin) ?? 0;
      const proof =
        old === 0 || old === size ? [] : await consistencyProof(old, size, readNodes(pool, ledger, size), onNode);
      const lines = [`old ${old}`, ...proof.map(toBase64), '', ''].join('\n');
      const { status, body } = await request(`${url}/add-checkpoint`, concat([bytesOf(lines), sent.note]));
      if (status === 409) {
        const known = numberFrom(body.trimEnd(), 'the size that the witness knows');
        this.#cosigned.set(origin, known);
        if (known <= size) continue;
        await this.#learnLarger(sent);
        throw new Refused(`it has cosigned ${counted(known, 'event')} already`);
      }
      if (status === 422) await this.#learnLarger(sent);
      if (status !== 200) throw new Refused(`it answered ${status}: ${body.slice(0, 200).trimEnd()}`);
      const cosigned = parseNote(concat([bytesOf(`${note.text}\n`), bytesOf(body)]));
      if ((await cosignaturesOf(cosigned, [key], onNode)).length === 0)
        throw new Refused('its answer has no cosignature of the key that it is known by');
      this.#cosigned.set(origin, size);
      const own = cosigned.signatures.filter((one) => isOf(one, key));
      const line = Buffer.from(formatNote({ text: '\n', signatures: own })).subarray(2);
      const stored = await addCosignature(pool, sent, line, formatVerifierKey(key));
      if (stored !== undefined) onCosigned(sent, stored);
      return;
    }
    throw new Refused('it says another size each time that it is asked');
  }

  /** The witness knows of a larger tree, or of another one: what this log signed itself is believed. */
  async #learnLarger({ origin }: Sent): Promise<void> {
    const hash = createHash('sha256').update(origin).digest('hex');
    const { status, body } = await request(`${this.witness.url}/${hash}/checkpoint`);
    if (status !== 200) return;
    const checkpoint = parseCheckpoint(bytesOf(body));
    const own = await this.options.keysOf(origin);
    if (checkpoint.origin !== origin || (await signersOf(checkpoint.note, own, onNode)).length === 0) return;
    this.options.onLarger(origin, checkpoint, this.witness.key.name);
  }
}

/** The witness is there, and did not cosign: asking again would not change that. */
class Refused extends Error {}

/** A body of the size that an answer may have. */
async function request(url: string, body?: Uint8Array): Promise<{ status: number; body: string }> {
  const answer = await fetch(url, {
    ...(body !== undefined && { method: 'POST', body: Buffer.from(body) }),
    ...{ redirect: 'error', signal: AbortSignal.timeout(ANSWER_MS) },
  });
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of (answer.body as AsyncIterable<Uint8Array> | null) ?? []) {
    bytes += part.length;
    if (bytes > MAX_ANSWER) throw new Refused(`its answer has more than ${MAX_ANSWER} bytes`);
    parts.push(part);
  }
  return { status: answer.status, body: Buffer.concat(parts).toString('utf8') };
}
