import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseForeign } from '#platform/service/dataFolder';
import { cosign, cosignaturesOf, parseCheckpoint, type SignedCheckpoint } from '#proofs/checkpoint';
import { onNode } from '#proofs/onNode';
import { sameBytes } from '#proofs/primitives';
import { BadSignature, COSIGNATURE, formatNote, signersOf, type VerifierKey } from '#proofs/signedNote';
import { hashFrom, Malformed, numberFrom, textOf } from '#proofs/text';
import { verifyConsistency } from '#proofs/treeProofs';
import { signingAt, type SigningKeys, syncFolder, verifierKeyOf } from '../signingKeys.ts';

// A witness of transparency logs: https://c2sp.org/tlog-witness.

/** What a witness answers. */
export interface WitnessAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array | string;
}

const TEXT = 'text/plain; charset=utf-8';
const say = (status: number, body: string): WitnessAnswer => ({ status, type: TEXT, body: `${body}\n` });

/** Hashes of a consistency proof, at the most. */
const MAX_PROOF = 63;

interface WitnessOptions {
  /** Of the files: one for each log, in a folder named after its origin's hash. Nobody else works in it. */
  readonly folder: string;
  /** They sign under the name of their file. */
  readonly keys: () => Promise<SigningKeys>;
  /** The keys of the logs that it watches: their names are the origins. */
  readonly logs: readonly VerifierKey[];
  /** Told of what proves that a log shows different trees to different people. */
  readonly onFork?: (origin: string, size: number, file: string) => void;
  /** Told when a checkpoint is on the disk, and not answered yet; tests end the process there. */
  readonly onKept?: () => void;
}

/**
 * Cosigns what a log publishes, as long as each tree begins with the whole of the one before. The newest one of each log is on the disk
 * before its cosignature leaves, so that whoever is killed in between cannot cosign another one afterwards.
 */
export class Witness {
  readonly #options: WitnessOptions;
  readonly #newest = new Map<string, SignedCheckpoint | undefined>();
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  /** `POST add-checkpoint`. Rejects when its own files cannot be read or written: then nothing was cosigned. */
  async addCheckpoint(body: Uint8Array): Promise<WitnessAnswer> {
    let asked: Asked;
    try {
      asked = parseAsked(body);
    } catch (error) {
      if (error instanceof Malformed) return say(400, error.message);
      throw error;
    }
    const { origin, note, size } = asked.checkpoint;
    const keys = this.#options.logs.filter(({ name }) => name === origin);
    if (keys.length === 0) return say(404, `this witness does not watch the log ${origin}`);
    try {
      if ((await signersOf(note, keys, onNode)).length === 0)
        return say(403, `no key that this witness knows of ${origin} has signed this checkpoint`);
    } catch (error) {
      if (error instanceof BadSignature) return say(403, error.message);
      throw error;
    }
    if (asked.old > size) return say(400, `the old size, ${asked.old}, is larger than that of the checkpoint, ${size}`);
    return this.#alone(origin, () => this.#decide(asked));
  }

  /** `GET <origin hash>/checkpoint`: the newest that it cosigned; undefined when there is none. */
  async checkpoint(originHash: string): Promise<Uint8Array | undefined> {
    const log = this.#options.logs.find(({ name }) => hashOf(name) === originHash);
    return log && (await this.#alone(log.name, () => this.#newestOf(log.name)))?.bytes;
  }

  /** One after the other: between the look at the newest checkpoint and the writing of the next nobody else may write. */
  #alone<T>(origin: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(origin) ?? Promise.resolve()).then(work);
    this.#last.set(
      origin,
      turn.catch(() => undefined),
    );
    return turn;
  }

  async #decide({ old, proof, checkpoint }: Asked): Promise<WitnessAnswer> {
    const { origin, size, root } = checkpoint;
    const newest = (await this.#newestOf(origin))?.checkpoint;
    const known = newest?.size ?? 0;
    if (old !== known) return { status: 409, type: 'text/x.tlog.size', body: `${known}\n` };
    const empty = onNode.sha256(new Uint8Array());
    if (size === 0 && !sameBytes(root, empty)) return say(422, 'the tree without leaves has another root');
    if (newest?.size === size && !sameBytes(newest.root, root)) {
      await this.#keepFork(newest, checkpoint);
      return say(
        422,
        `this witness has cosigned another tree of ${size} leaves of ${origin}: both are kept as evidence`,
      );
    }
    const agrees =
      old === 0
        ? proof.length === 0
        : await verifyConsistency({ size: old, root: newest?.root ?? empty }, { size, root }, proof, onNode);
    if (!agrees)
      return say(422, `the proof does not show that this tree begins with the ${old} leaves that were cosigned`);
    return this.#cosign(checkpoint);
  }

  async #cosign({ origin, note }: SignedCheckpoint): Promise<WitnessAnswer> {
    const { logs, keys, onKept } = this.#options;
    const seconds = Math.floor(Date.now() / 1_000);
    const signing = await keys();
    const cosignatures = await Promise.all(
      signingAt(signing, new Date()).map(async (key) =>
        cosign(note.text, await verifierKeyOf(key, signing.name, COSIGNATURE), seconds, key.sign),
      ),
    );
    if (cosignatures.length === 0) throw new Error('no key of this witness signs any more');
    const ofLog = note.signatures.filter(({ name, keyId }) =>
      logs.some((log) => log.name === name && sameBytes(log.keyId, keyId)),
    );
    const bytes = formatNote({ text: note.text, signatures: [...ofLog, ...cosignatures] });
    await keep(join(this.#options.folder, hashOf(origin)), 'checkpoint', bytes);
    this.#newest.set(origin, parseCheckpoint(bytes));
    onKept?.();
    const lines = textOf(formatNote({ text: '\n', signatures: cosignatures })).slice(2);
    return { status: 200, type: TEXT, body: lines };
  }

  /** @throws when the file is not what this witness has written: it does not know any more what it cosigned */
  async #newestOf(origin: string): Promise<{ checkpoint: SignedCheckpoint; bytes: Uint8Array } | undefined> {
    const known = this.#newest.get(origin);
    if (known !== undefined) return { checkpoint: known, bytes: formatNote(known.note) };
    if (this.#newest.has(origin)) return undefined;
    const file = join(this.#options.folder, hashOf(origin), 'checkpoint');
    const bytes = await readFile(file).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    });
    if (bytes === undefined) {
      this.#newest.set(origin, undefined);
      return undefined;
    }
    await refuseForeign(file);
    const checkpoint = await this.#own(bytes, origin).catch((error: unknown) => {
      throw new Error(`${file} is not what this witness has written: put back a copy of it`, { cause: error });
    });
    this.#newest.set(origin, checkpoint);
    return { checkpoint, bytes };
  }

  async #own(bytes: Uint8Array, origin: string): Promise<SignedCheckpoint> {
    const checkpoint = parseCheckpoint(bytes);
    const { name, keys } = await this.#options.keys();
    const own = await Promise.all(keys.map((key) => verifierKeyOf(key, name, COSIGNATURE)));
    if (checkpoint.origin !== origin || (await cosignaturesOf(checkpoint.note, own, onNode)).length === 0)
      throw new Malformed('it is not cosigned by this witness');
    return checkpoint;
  }

  /** The first of each size; the log's own signatures are on both. */
  async #keepFork(one: SignedCheckpoint, other: SignedCheckpoint): Promise<void> {
    const folder = join(this.#options.folder, hashOf(one.origin));
    const name = `fork-${one.size}`;
    const isKept = await stat(join(folder, name)).then(
      () => true,
      () => false,
    );
    if (!isKept)
      await keep(folder, name, Buffer.concat([formatNote(one.note), Buffer.from('\n'), formatNote(other.note)]));
    this.#options.onFork?.(one.origin, one.size, join(folder, name));
  }
}

const hashOf = (origin: string): string => createHash('sha256').update(origin).digest('hex');

/** What `add-checkpoint` is asked. */
interface Asked {
  /** The size that whoever asks believes the witness to have cosigned last. */
  readonly old: number;
  readonly proof: readonly Uint8Array[];
  readonly checkpoint: SignedCheckpoint;
}

/** @throws {Malformed} when it is not a request to the letter */
function parseAsked(body: Uint8Array): Asked {
  const text = textOf(body);
  const end = text.indexOf('\n\n');
  if (end < 0) throw new Malformed('a request has an empty line before its checkpoint');
  const [first = '', ...lines] = text.slice(0, end).split('\n');
  if (!first.startsWith('old ')) throw new Malformed('the first line of a request is "old" and a size');
  if (lines.length > MAX_PROOF) throw new Malformed(`a proof has at most ${MAX_PROOF} hashes`);
  return {
    old: numberFrom(first.slice('old '.length), 'the old size'),
    proof: lines.map((line) => hashFrom(line, 'a hash of the proof')),
    checkpoint: parseCheckpoint(body.subarray(Buffer.byteLength(text.slice(0, end + 2)))),
  };
}

/** Beside the file, on the disk, and then in its place: whoever is killed finds the old one or the new one, whole. */
async function keep(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) await syncFolder(join(folder, '..'));
  const draft = join(folder, `${name}.${randomBytes(8).toString('hex')}`);
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
    await handle.close();
    await rename(draft, join(folder, name));
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(folder);
}
