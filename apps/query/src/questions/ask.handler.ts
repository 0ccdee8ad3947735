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
import type { PastAsking } from '#projections/past/fold';
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
    const about = { ...filter, question, id };
    const of = isNow ? { moment: {}, bounds: {}, filter: about } : await this.moments.of(ledger, parameters, about);
    const { 'from-at': fromAt, 'from-known': fromKnown } = of.bounds;
    const asked = {
      ...others,
      ...(of.cursor !== undefined && { cursor: of.cursor }),
      ...(fromAt !== undefined && { 'from-at': fromAt }),
      ...(fromKnown !== undefined && { 'from-known': fromKnown }),
    };
    const least = Math.max(Number(minSequence ?? 0), of.moment.known ?? 0, fromKnown ?? 0);
    try {
      const read = (model: ReadModel) => this.#answer(model, questions[question], asked, id, of);
      // Most often it is there already, which the answer itself tells: who looked first would take a connection twice.
      const ifThere = async (model: ReadModel) => (model.sequence < least ? undefined : read(model));
      let answered = await withReadModels(this.pool, ledger, ifThere, of.moment, party);
      if (answered === undefined) {
        await this.visibility.applied(ledger, least);
        answered = await withReadModels(this.pool, ledger, read, of.moment, party);
      }
      return 'asOf' in answered ? await this.#answerPast(answered, questions[question], asked, id, of) : answered;
    } catch (error) {
      throw tooMuch(error, parameters) ?? badCursor(error, asked) ?? noReadModels(error) ?? error;
    }
  }

  /** @returns what is asked about, where that is folded: nobody keeps a connection for it meanwhile that others ask on */
  async #answer(model: ReadModel, question: Question, asked: object, id: string, of: ResolvedMoment) {
    const { ledger, sequence, asOf, party } = model;
    // Another version may answer since it was waited for.
    if (asOf.known > sequence) throw notYet(ledger, asOf.known, sequence);
    const past = isPast(model);
    if (question.fold !== undefined && (past || question.series === true)) return { ledger, asOf, party };
    const inThePast = past ? question.readPast?.(model, asked, id) : undefined;
    const upTo = question.past === true || question.fold !== undefined ? asOf.known : sequence;
    const [found, version] = await Promise.all([
      inThePast ?? question.read(model, asked, id),
      versionOf(model, question, id, upTo),
    ]);
    return answer(model, question, found, id, of, upTo, version);
  }

  async #answerPast(asking: PastAsking, question: Question, asked: object, id: string, of: ResolvedMoment) {
    const read = (model: ReadModel, query: object) => question.read(model, query, id);
    const found = await askPast(this.past, asking, question.fold ?? 'order', { asked, id, read });
    const { ledger, asOf } = asking;
    const version = await versionOf({ db: this.pool, ledger }, question, id, asOf.known);
    return answer(asking, question, found, id, of, asOf.known, version);
  }
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
  question: Question,
  found: unknown,
  id: string,
  of: ResolvedMoment,
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
