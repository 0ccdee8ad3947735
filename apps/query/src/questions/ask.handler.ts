import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import { whyNoId } from '#contracts/whyNoId';
import type { EntityKey } from '#ledger/entity';
import { streamVersion } from '#journal/reader';
import { POOL } from '#platform/service/tokens';
import { BadCursor, type Page } from '#projections/reading/page';
import { askPast } from '#projections/past/askPast';
import { TooMuchPast } from '#projections/past/choice';
import { isPast, type ReadModel, withReadModels } from '#projections/reading/readModel';
import { Ledgers } from '../asking/ledgers.ts';
import { type Bounds, cursorOf, Moments, type ResolvedMoment } from '../asking/moments.ts';
import { malformed, noReadModels, notFound, notYet } from '../asking/problems.ts';
import { Past } from '../asking/past.ts';
import { Visibility } from '../asking/visibility.ts';
import type { Question } from './question.ts';
import { type QuestionName, questions } from './questions.ts';

/** What was read, and where it stands. */
interface Answered {
  /** The sequence of the last event that the answer knows. */
  readonly sequence: number;
  /** The bounds that were asked for, resolved. */
  readonly bounds: Bounds;
  /** A page or a row, as the question says. */
  readonly found: unknown;
  /** Of the stream of what was asked for, where it has one. */
  readonly version: number | undefined;
}

/** Asks one ledger's read models. */
export class Ask extends Query<Answered> {
  constructor(
    readonly question: QuestionName,
    readonly ledger: string,
    /** As the question's parameters were parsed. */
    readonly parameters: Readonly<Record<string, unknown>>,
    /** What the id in the path was; empty where the path has none. */
    readonly id: string,
    /** The party for which alone it is asked; undefined: for whoever may see everything. */
    readonly party: string | undefined,
  ) {
    super();
  }
}

/** Reads one version and one snapshot, when what was asked for is visible; of a ledger that nobody opened there is nothing to read. */
@QueryHandler(Ask)
export class AskHandler implements IQueryHandler<Ask, Answered> {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly visibility: Visibility,
    private readonly ledgers: Ledgers,
    private readonly moments: Moments,
    private readonly past: Past,
  ) {}

  async execute({ question, ledger, parameters, id, party }: Ask): Promise<Answered> {
    await this.ledgers.check(ledger);
    const { 'min-sequence': minSequence, at, known, cursor, 'from-at': _, 'from-known': __, ...others } = parameters;
    refuseOtherSpellings(others);
    const isNow = [at, known, cursor, parameters['from-at'], parameters['from-known']].every(
      (one) => one === undefined,
    );
    const { limit: ___, ...filter } = others;
    const about = { ...filter, question, id, ledger };
    const of = isNow ? { moment: {}, bounds: {}, filter: about } : await this.moments.of(ledger, parameters, about);
    const { 'from-at': fromAt, 'from-known': fromKnown } = of.bounds;
    const asked = {
      ...others,
      ...(of.cursor !== undefined && { cursor: of.cursor }),
      ...(fromAt !== undefined && { 'from-at': fromAt }),
      ...(fromKnown !== undefined && { 'from-known': fromKnown }),
    };
    const least = Math.max(Number(minSequence ?? 0), of.moment.known ?? 0, fromKnown ?? 0);
    const to: Asking = { question: questions[question], asked, id, ledger, party, of, least };
    try {
      // Almost always the read models are far enough: only where they are not, they are waited for, and asked once more.
      const answered = await this.#ask(to);
      if (!('behind' in answered)) return answered;
      await this.visibility.applied(ledger, least);
      const again = await this.#ask(to);
      // Another version may answer since it was waited for.
      if ('behind' in again) throw notYet(ledger, least, again.behind);
      return again;
    } catch (error) {
      throw tooMuch(error, parameters) ?? badCursor(error, asked) ?? noReadModels(error) ?? error;
    }
  }

  /**
   * What is folded is asked where it is folded. But whether what is known is all that there is, the tables of now tell: who asks about now never
   * waits for the past.
   */
  async #ask(to: Asking): Promise<Answered | Behind> {
    const { question, ledger, party, of } = to;
    const isFolded = question.fold !== undefined && (question.series === true || of.moment.at !== undefined);
    const answered = isFolded
      ? undefined
      : await withReadModels(this.pool, ledger, (model) => answerOf(model, to), of.moment, party);
    const asking = { ledger, asOf: of.moment, party };
    return answered ?? this.past.during(asking, (model) => this.#fold(model, to));
  }

  async #fold(model: ReadModel, to: Asking): Promise<Answered | Behind> {
    const { question, asked, id, least } = to;
    const { asOf, sequence } = model;
    if (Math.max(least, asOf.known) > sequence) return { behind: sequence };
    const read = (folded: ReadModel, query: object) => question.read(folded, query, id);
    const [version, found] = await Promise.all([
      versionOf(model, question, id, asOf.known),
      askPast(this.past, model, question.fold ?? 'order', { asked, id, read }),
    ]);
    return answer(model, to, found, asOf.known, version);
  }
}

/** A question, with what was found out about it. */
interface Asking {
  readonly question: Question;
  /** Its own parameters. */
  readonly asked: object;
  readonly id: string;
  readonly ledger: string;
  readonly party: string | undefined;
  readonly of: ResolvedMoment;
  /** The sequence that the read models must have applied. */
  readonly least: number;
}

/** The read models are not yet where the question needs them. */
interface Behind {
  /** Where they are. */
  readonly behind: number;
}

/** @returns undefined for what is folded: nobody keeps a connection for it meanwhile that others ask on */
async function answerOf(model: ReadModel, to: Asking): Promise<Answered | Behind | undefined> {
  const { question, asked, id, least } = to;
  const { sequence, asOf } = model;
  if (Math.max(least, asOf.known) > sequence) return { behind: sequence };
  if (question.fold !== undefined && isPast(model)) return undefined;
  const inThePast = isPast(model) ? question.readPast?.(model, asked, id) : undefined;
  const upTo = question.past === true || question.fold !== undefined ? asOf.known : sequence;
  const [found, version] = await Promise.all([
    inThePast ?? question.read(model, asked, id),
    versionOf(model, question, id, upTo),
  ]);
  return answer(model, to, found, upTo, version);
}

/** An id that an event could not have, like one in NFD, would find nothing, although it looks like one that is there. */
function refuseOtherSpellings({ subject: _, source: __, ...asked }: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(asked)) {
    if (typeof value !== 'string' || /^[\x21-\x7e]{3,128}$/.test(value)) continue;
    const detail = whyNoId(value);
    if (detail !== undefined) throw malformed([{ pointer: `/${name}`, detail }]);
  }
}

function answer(
  { ledger, asOf }: Pick<ReadModel, 'ledger' | 'asOf'>,
  { question, id, of }: Asking,
  found: unknown,
  sequence: number,
  version: number | undefined,
): Answered {
  if (found === undefined) throw notFound(`the ledger ${ledger} has no ${question.id?.what ?? ''} ${id}`, { ledger });
  if (question.answer === 'row') return { sequence, bounds: of.bounds, found, version };
  const page = found as Page<unknown>;
  return {
    sequence: page.sequence ?? sequence,
    bounds: of.bounds,
    found: { data: page.data, next: page.next === null ? null : cursorOf(asOf, of, page.next) },
    version: undefined,
  };
}

/** As of the answer: a later event of the stream is not in it, and whoever acts on the answer has to be told of that. */
async function versionOf(
  { db, ledger }: Pick<ReadModel, 'db' | 'ledger'>,
  question: Question,
  id: string,
  sequence: number,
): Promise<number | undefined> {
  if (question.versioned !== true) return undefined;
  return (await streamVersion(db, ledger, `${question.id?.what ?? ''}/${id}` as EntityKey, sequence)) || undefined;
}

/** What is asked for stands on more events than are gone through for one answer. */
function tooMuch(error: unknown, asked: Readonly<Record<string, unknown>>): Error | undefined {
  if (!(error instanceof TooMuchPast)) return undefined;
  const parameter =
    ['at', 'known'].find((name) => asked[name] !== undefined) ?? (asked.cursor === undefined ? 'at' : 'cursor');
  return malformed([{ pointer: `/${parameter}`, detail: error.message }]);
}

/** Somebody made the cursor up: it is not one of this list, or it holds values that no row has (SQLSTATE class 22). */
function badCursor(error: unknown, asked: { readonly cursor?: unknown }): Error | undefined {
  const { code } = error as { code?: unknown };
  const bad = typeof code === 'string' && code.startsWith('22') ? new BadCursor() : error;
  return bad instanceof BadCursor && asked.cursor !== undefined
    ? malformed([{ pointer: '/cursor', detail: bad.message }])
    : undefined;
}
