import { hash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { headAt, readHead } from '#journal/reader';
import { POOL } from '#platform/service/tokens';
import { BadCursor } from '#projections/reading/page';
import type { AskedAbout, Moment } from '#projections/reading/readModel';
import { malformed, notYet } from './problems.ts';

/** What a question says about its moment, as its parameters were parsed. */
export interface AskedMoment {
  /** RFC 3339 in UTC, to the microsecond. */
  readonly at?: string | undefined;
  /** A sequence, or when it was recorded: RFC 3339 in UTC. */
  readonly known?: number | string | undefined;
  /** Of a change: the moment that it begins at, likewise. */
  readonly 'from-at'?: string | undefined;
  readonly 'from-known'?: number | string | undefined;
  readonly cursor?: string | undefined;
  readonly 'min-sequence'?: number | undefined;
}

/** The moment of a question. */
export interface ResolvedMoment {
  readonly moment: AskedAbout;
  /** The bounds that were asked for, resolved. */
  readonly bounds: Bounds;
  /** The list's own cursor, without the moment in it. */
  readonly cursor?: string | undefined;
  /** What else is asked for. */
  readonly filter: object;
}

interface Bound {
  readonly at?: string | undefined;
  readonly known?: number | undefined;
}

/** Of a moment, and of the one that a change begins at. */
export interface Bounds extends Bound {
  readonly 'from-at'?: string | undefined;
  readonly 'from-known'?: number | undefined;
}

/** How long a recorded moment is waited for of which something may still be under way, in milliseconds. */
const PATIENCE_MS = 5_000;

/** Finds out which moment is meant: by `at` and `known`, or by the cursor of a page, which is of the moment of the first page. */
@Injectable()
export class Moments {
  readonly #heads = new LRUCache<string, number>({ max: 10_000 });

  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  /**
   * @param filter what else is asked for
   * @throws the 400 of a moment that is none, or of a cursor that is of another moment or filter
   */
  async of(ledger: string, asked: AskedMoment, filter: object): Promise<ResolvedMoment> {
    const { cursor, 'min-sequence': least } = asked;
    const [to, since] = [await this.#bound(ledger, asked), await this.#bound(ledger, asked, 'from-')];
    const walk = cursor === undefined ? undefined : await this.#walkOf(ledger, cursor);
    if (walk !== undefined) refuseOther(to, walk.to);
    if (walk?.from !== undefined) refuseOther(since, walk.from, 'from-');
    if (walk?.filter !== undefined && walk.filter !== printOf(filter)) throw refused('cursor', OTHER_QUESTION);
    const bound = walk?.to ?? to;
    const from = walk?.from ?? since;
    const bounds = { ...bound, 'from-at': from.at, 'from-known': from.known };
    const upTo = walk?.known ?? bounds.known;
    if (least !== undefined && upTo !== undefined && least > upTo)
      throw refused('min-sequence', `the answer knows no more than ${upTo}: leave it out`);
    const occurred = walk?.now ?? (bounds.at === undefined ? undefined : new Date(bounds.at));
    return { moment: { occurred, at: bounds.at, known: upTo }, bounds, cursor: walk?.cursor, filter };
  }

  async #bound(ledger: string, asked: AskedMoment, prefix: Prefix = ''): Promise<Bound> {
    const known = asked[`${prefix}known`];
    return {
      at: asked[`${prefix}at`],
      known: known === undefined ? undefined : await this.#sequenceOf(ledger, known, `${prefix}known`),
    };
  }

  /** The sequence that a parameter means. @throws the 400 of one beyond the head */
  async #sequenceOf(ledger: string, known: number | string, parameter: string): Promise<number> {
    if (typeof known === 'number') {
      const head = await this.#headFor(ledger, known);
      if (known <= head) return known;
      throw refused(parameter, `the ledger ${ledger} ends at ${head}: write at most ${head}, or leave it out`);
    }
    const deadline = Date.now() + PATIENCE_MS;
    const head = await headAt(this.pool, ledger, known, () => Date.now() < deadline);
    if (head.sequence !== undefined) return head.sequence;
    if (!head.isOver) throw refused(parameter, `it is ${head.now} only: write a moment that is over, or leave it out`);
    throw notYet(ledger, head.last + 1, head.last);
  }

  async #walkOf(ledger: string, text: string): Promise<Walk> {
    const walk = walkFrom(text);
    const known = Math.max(walk.known, walk.from?.known ?? 0);
    if (known <= (await this.#headFor(ledger, known))) return walk;
    throw refused('cursor', new BadCursor().message);
  }

  /** The head of a ledger, or where it was, if that is far enough: it never goes back. */
  async #headFor(ledger: string, least: number): Promise<number> {
    const before = this.#heads.get(ledger) ?? 0;
    if (before >= least) return before;
    const head = (await readHead(this.pool, ledger)) ?? 0;
    this.#heads.set(ledger, head);
    return head;
  }
}

const refused = (parameter: string, detail: string) => malformed([{ pointer: `/${parameter}`, detail }]);

type Prefix = '' | 'from-';

function refuseOther(asked: Bound, { at, known }: Bound, prefix: Prefix = ''): void {
  if ((asked.at ?? at) !== at) throw refused(`${prefix}at`, OTHER);
  if ((asked.known ?? known) !== known) throw refused(`${prefix}known`, OTHER);
}
const OTHER = 'the cursor is of another moment: ask for the same one as before, or begin again without the cursor';
const OTHER_QUESTION =
  'the cursor is of another question: ask with the same filter as for the page before, or begin again without the cursor';

/** A few bytes that stand for a filter: with another one the walk would pass over rows without a word. */
const printOf = (filter: object): string =>
  hash('sha256', JSON.stringify(Object.entries(filter).sort(([a], [b]) => (a < b ? -1 : 1))), 'base64url').slice(0, 12);

/** What the first page of a walk hands to those after it. */
interface Walk {
  readonly to: Bound;
  /** Where a change begins, if the first page said so. */
  readonly from: Bound | undefined;
  /** The print of its filter. */
  readonly filter: string | undefined;
  /** All that its pages know. */
  readonly known: number;
  /** By which they judge what depends on the clock. */
  readonly now: Date;
  readonly cursor: string;
}

/** The cursor of a page: the moment of its walk, with the print of its filter, then the list's own. */
export function cursorOf(
  { at, known, occurred }: Moment,
  { bounds, filter }: Pick<ResolvedMoment, 'bounds' | 'filter'>,
  cursor: string,
): string {
  const { 'from-at': fromAt = '', 'from-known': fromKnown = -1 } = bounds;
  const moment = [known, occurred.getTime(), at ?? '', bounds.known === undefined ? 0 : 1, fromAt, fromKnown];
  return `${Buffer.from(JSON.stringify([...moment, printOf(filter)])).toString('base64url')}.${cursor}`;
}

function walkFrom(text: string): Walk {
  const [moment = '', cursor = '', ...more] = text.split('.');
  const [known, now, at, isBound, fromAt = '', fromKnown = -1, filter, ...others] = partsOf(moment);
  const isOne =
    [known, now, fromKnown].every(Number.isSafeInteger) &&
    Math.abs(now as number) <= 8.64e15 &&
    isAt(at) &&
    isAt(fromAt) &&
    (filter === undefined || typeof filter === 'string');
  if (!isOne || (isBound !== 0 && isBound !== 1) || cursor === '' || more.length > 0 || others.length > 0)
    throw refused('cursor', new BadCursor().message);
  const to = { at: at === '' ? undefined : at, known: isBound === 1 ? (known as number) : undefined };
  const from = { at: fromAt === '' ? undefined : fromAt, known: fromKnown === -1 ? undefined : (fromKnown as number) };
  const began = fromAt === '' && fromKnown === -1 ? undefined : from;
  return { to, from: began, filter, known: known as number, now: new Date(now as number), cursor };
}

const isAt = (at: unknown): at is string =>
  typeof at === 'string' && (at === '' || /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(at));

function partsOf(text: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
