import { plural } from '../format.ts';
import type { Outcome } from '#evidence/check';
import { type Hash, type Primitives, sameBytes } from '#proofs/primitives';
import type { VerifierKey } from '#proofs/signedNote';
import type { Member } from '#proofs/tarMembers';
import { textOf } from '#proofs/text';
import { entriesIn, hashesIn, parseTilePath } from '#proofs/tiles';
import { checkNote, type Note, signatureChecks } from './note.ts';
import { Tree } from './tree.ts';

export interface Check {
  readonly outcome: Outcome;
  readonly found: string;
}

/** Something in it is wrong: in words, a sentence. */
export class Wrong extends Error {}

const TILE = 256;
/** So many events are kept, to be shown. */
export const SHOWN = 100;

export interface Checking {
  readonly ledger: string;
  readonly size: number;
  readonly texts: readonly string[];
  readonly keys: readonly VerifierKey[];
  readonly primitives: Primitives;
}

/** All events from the first on, each checkpoint before the events that reach its size. */
export class Whole {
  readonly begin: Uint8Array[] = [];
  covering: Note | undefined;
  readonly #of: Checking;
  readonly #tree: Tree;
  #waiting: Note[] = [];
  #agreed = 0;
  #newest: Note | undefined;

  constructor(of: Checking) {
    this.#of = of;
    this.#tree = new Tree(of.primitives);
  }

  get events(): number {
    return this.#tree.size;
  }

  async take({ name, bytes }: Member): Promise<void> {
    if (name === 'checkpoint' || name.startsWith('checkpoints/')) await this.#checkpoint(bytes);
    else if (name.startsWith('tile/entries/')) await this.#entries(name, bytes);
    else if (name.startsWith('tile/')) this.#hashes(name, bytes);
  }

  async #checkpoint(bytes: Uint8Array): Promise<void> {
    const note = await checkNote(bytes, this.#of.keys, this.#of.primitives);
    const { size, origin } = note.checkpoint;
    if (note.wrong !== undefined) throw new Wrong(note.wrong);
    if (!origin.endsWith(`/${this.#of.ledger}`))
      throw new Wrong(`A checkpoint is of ${origin}, and the bundle says that it is of the ledger ${this.#of.ledger}.`);
    // The newest stands once more at the end.
    if (
      size === this.#agreed &&
      this.#newest !== undefined &&
      sameBytes(note.checkpoint.root, this.#newest.checkpoint.root)
    )
      return;
    if (size < this.events)
      throw new Wrong(
        `The checkpoint of ${plural(size, 'event')} stands after event ${this.events}, where it cannot be checked.`,
      );
    this.#waiting.push(note);
    if (size === this.events) this.#hold(await this.#tree.root(), size);
  }

  async #entries(name: string, bytes: Uint8Array): Promise<void> {
    const { index, width } = parseTilePath(name);
    const before = this.events;
    if (index * TILE !== before)
      throw new Wrong(`${name} stands after event ${before}: events are missing, or there twice.`);
    const entries = entriesIn(bytes, width);
    for (const [i, entry] of entries.entries()) checkSaid(entry, before + i + 1, this.#of.ledger);
    this.begin.push(...entries.slice(0, SHOWN - this.begin.length).map((entry) => entry.slice()));
    const leaves = await this.#tree.leavesOf(entries);
    const sizes = new Set(this.#waiting.map(({ checkpoint }) => checkpoint.size));
    for (const size of [...sizes].sort((a, b) => a - b))
      if (size > before && size < before + width)
        this.#hold(await this.#tree.rootWith(leaves.slice(0, size - before)), size);
    await this.#tree.append(leaves);
    this.#hold(await this.#tree.root(), this.events);
  }

  /** Tiles can be worked out from the events: a wrong one would mislead whoever asks for it alone. */
  #hashes(name: string, bytes: Uint8Array): void {
    const { level, index, width } = parseTilePath(name);
    if (level === 'entries') return;
    if (!this.#tree.has(level, index * TILE, hashesIn(bytes, width)))
      throw new Wrong(`The hashes in ${name} are not those of the events before it.`);
  }

  /** Holds what was read against the checkpoints of that size. */
  #hold(root: Hash, size: number): void {
    const held = this.#waiting.filter(({ checkpoint }) => checkpoint.size === size);
    this.#waiting = this.#waiting.filter((note) => !held.includes(note));
    for (const note of held) {
      if (!sameBytes(note.checkpoint.root, root))
        throw new Wrong(
          `The first ${plural(size, 'event')} ${size === 1 ? 'does' : 'do'} not give the root of the checkpoint of ${plural(size, 'event')}: one of the events ${this.#agreed + 1} to ${size}, or the checkpoint, was changed, added or removed.`,
        );
      this.#newest = note;
      if (note.signers.length > 0) this.covering = note;
    }
    if (held.length > 0) this.#agreed = size;
  }

  finish(): readonly Check[] {
    const [missing] = this.#waiting;
    const { events } = this;
    if (missing !== undefined)
      throw new Wrong(
        `Events are missing: a checkpoint covers ${plural(missing.checkpoint.size, 'event')}, and the bundle ends after event ${events}.`,
      );
    if (events < this.#of.size)
      throw new Wrong(`The bundle says that it has ${plural(this.#of.size, 'event')}, and ends after event ${events}.`);
    const covered = this.covering?.checkpoint.size ?? 0;
    const checks: Check[] = [
      {
        outcome: this.#newest === undefined ? 'unknown' : 'held',
        found:
          this.#newest === undefined
            ? `There is no checkpoint to hold the ${plural(events, 'event')} against.`
            : `The bytes of events 1 to ${this.#agreed}, in this order, give the root of the checkpoint of ${plural(this.#agreed, 'event')}, and of every earlier one in the file.`,
      },
      { outcome: 'held', found: `Each event says the same of itself: its number, of the ledger ${this.#of.ledger}.` },
      ...signatureChecks(this.covering ?? this.#newest, this.#of.keys),
    ];
    if (covered > 0 && covered < events)
      checks.push({
        outcome: 'unknown',
        found: `Events ${covered + 1} to ${events} are covered by no checkpoint that is signed by a known key.`,
      });
    return checks;
  }
}

/** What an event says of itself has to be what the bundle says of it. */
function checkSaid(entry: Uint8Array, sequence: number, ledger: string): void {
  const said = readJson(entry);
  if (said.ledger !== ledger || Number(said.sequence) !== sequence)
    throw new Wrong(
      `What stands at the place of event ${sequence} says that it is event ${Number(said.sequence)} of the ledger ${String(said.ledger)}.`,
    );
}

/** An object as JSON; without anything in it, where it is none. */
export function readJson(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(textOf(bytes)) as Readonly<Record<string, unknown>> | null) ?? {};
  } catch {
    return {};
  }
}
