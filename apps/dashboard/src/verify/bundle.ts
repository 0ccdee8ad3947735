import { plural, units } from '../format.ts';
import { checkEvidence, type Outcome } from '#evidence/check';
import { type Primitives, sameBytes } from '#proofs/primitives';
import { EndsEarly, type Member, tarMembers } from '#proofs/tarMembers';
import { Malformed, textOf } from '#proofs/text';
import { checkNote, type Note, readKeys, signatureChecks } from './note.ts';
import { type Check, type Checking, readJson, SHOWN, Whole, Wrong } from './wholeBundle.ts';

// A bundle (docs/bundle.md), held against the checkpoints in it, as it is read: what is in memory does not grow with its events.

/** What was found. The first thing that is wrong ends it. */
export interface Bundle {
  readonly outcome: Outcome;
  readonly checks: readonly Check[];
  readonly kind: Kind;
  readonly ledger: string;
  /** Events that were read. */
  readonly events: number;
  /** The first ones, for whoever wants to see what is in it. */
  readonly begin: readonly Uint8Array[];
  /** The newest checkpoint that agrees, and who signed it. */
  readonly covering: Note | undefined;
}
type Kind = 'whole' | 'selection';
const PROOF = /^events\/(\d{16})\.tlog-proof$/;

interface Options {
  readonly archive: AsyncIterable<Uint8Array>;
  /** The reader's own verifier keys: they take the place of those of the same names that the bundle brings. */
  readonly own: readonly string[];
  readonly primitives: Primitives;
  readonly onProgress?: (events: number) => void;
}

/** @param archive the bundle, unpacked @throws {Malformed} when it is no bundle */
export async function checkBundle({ archive, own, primitives, onProgress }: Options): Promise<Bundle> {
  const members = tarMembers(archive);
  const { kind, ledger, size } = parseHeader(await named(members, 'lading.json'));
  const brought = textOf(await named(members, 'keys'))
    .split('\n')
    .filter((key) => key !== '');
  const isOfIt = (key: string) =>
    nameIn(key).endsWith(`/${ledger}`) || brought.some((one) => nameIn(one) === nameIn(key));
  const mine = own.filter(isOfIt);
  const names = new Set(mine.map(nameIn));
  const keys = [...mine, ...brought.filter((key) => !names.has(nameIn(key)))];
  const checking = { ledger, size, texts: keys, keys: await readKeys(keys, primitives), primitives };
  const reader = kind === 'whole' ? new Whole(checking) : new Selection(checking);
  const said = (outcome: Outcome, checks: readonly Check[]): Bundle => {
    const { events, begin, covering } = reader;
    return { outcome, checks, kind, ledger, events, begin, covering };
  };
  try {
    for await (const member of members) {
      await reader.take(member);
      onProgress?.(reader.events);
    }
    const checks = reader.finish();
    const has = (of: Outcome) => checks.some(({ outcome }) => outcome === of);
    return said(has('broken') ? 'broken' : has('unknown') ? 'unknown' : 'held', checks);
  } catch (error) {
    return said('broken', [{ outcome: 'broken', found: foundIn(error, reader.events) }]);
  }
}

const nameIn = (key: string): string => key.split('+')[0] ?? '';

function foundIn(error: unknown, events: number): string {
  if (error instanceof Wrong) return error.message;
  if (error instanceof Malformed)
    return `After ${plural(events, 'event')} the bundle cannot be read: ${error.message}.`;
  if (error instanceof EndsEarly)
    return `The file is cut off: it ends after ${plural(events, 'event')}, before its end is marked.`;
  throw error;
}

async function named(members: AsyncIterator<Member>, name: string): Promise<Uint8Array> {
  const next = await members.next();
  if (next.done === true || next.value.name !== name) throw new Malformed(`a bundle begins with lading.json and keys`);
  return next.value.bytes;
}

function parseHeader(bytes: Uint8Array): { kind: Kind; ledger: string; size: number } {
  const { format, kind, ledger, size } = readJson(bytes);
  const isHeader = format === 'lading.bundle.v1' && typeof ledger === 'string' && typeof size === 'number';
  if (!isHeader || !Number.isSafeInteger(size) || (kind !== 'whole' && kind !== 'selection'))
    throw new Malformed('lading.json is no header of a bundle of the format lading.bundle.v1');
  return { kind, ledger, size };
}

/** Some events, each with a proof of its own, all of one checkpoint. */
class Selection {
  readonly begin: Uint8Array[] = [];
  events = 0;
  covering: Note | undefined;
  readonly #of: Checking;
  #bytes: Uint8Array | undefined;

  constructor(of: Checking) {
    this.#of = of;
  }

  async take({ name, bytes }: Member): Promise<void> {
    const sequence = PROOF.exec(name)?.[1];
    if (name === 'checkpoint') await this.#checkpoint(bytes);
    else if (sequence !== undefined) await this.#event(Number(sequence), bytes);
    else throw new Wrong(`${name} stands among the selected events.`);
  }

  async #checkpoint(bytes: Uint8Array): Promise<void> {
    const { keys, primitives } = this.#of;
    const note = await checkNote(bytes, keys, primitives);
    if (note.wrong !== undefined) throw new Wrong(note.wrong);
    this.covering = note;
    this.#bytes = bytes.slice();
  }

  async #event(sequence: number, bytes: Uint8Array): Promise<void> {
    const { texts, primitives, ledger } = this.#of;
    const note = this.#bytes;
    if (note === undefined) throw new Wrong('No checkpoint stands before the events.');
    const { checks, event, sequence: proved } = await checkEvidence({ proof: textOf(bytes), keys: texts }, primitives);
    const broken = checks.find(({ outcome }) => outcome === 'broken');
    if (broken !== undefined) throw new Wrong(`Event ${sequence}: ${broken.found}`);
    if (proved !== sequence)
      throw new Wrong(`The proof that is called that of event ${sequence} is of event ${proved ?? '?'}.`);
    if (event?.attributes.ledger !== ledger)
      throw new Wrong(`Event ${sequence} is of another ledger than the bundle, which is of ${ledger}.`);
    if (!sameBytes(bytes.subarray(-note.length), note))
      throw new Wrong(`The proof of event ${sequence} is of another checkpoint than that of the bundle.`);
    if (this.begin.length < SHOWN) this.begin.push(event.bytes);
    this.events += 1;
  }

  finish(): readonly Check[] {
    if (this.covering === undefined) throw new Wrong('There is no checkpoint in the bundle.');
    const { size } = this.covering.checkpoint;
    return [
      {
        outcome: 'held',
        found: `${this.events === 1 ? 'The event' : `Each of the ${units(this.events)} events`}, with the hashes of its own proof, gives the root of the checkpoint of ${plural(size, 'event')}.`,
      },
      { outcome: 'held', found: `Each event says the same of itself: its number, of the ledger ${this.#of.ledger}.` },
      ...signatureChecks(this.covering, this.#of.keys),
    ];
  }
}
