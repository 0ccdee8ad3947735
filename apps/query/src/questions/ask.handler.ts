import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import { whyNoId } from '#contracts/whyNoId';
import type { EntityKey } from '#ledger/entity';
import { streamVersion } from '#journal/reader';
import { POOL } from '#platform/service/tokens';
import { BadCursor } from '#projections/reading/page';
import { type ReadModel, withReadModels } from '#projections/reading/readModel';
import { Ledgers } from '../asking/ledgers.ts';
import { malformed, noReadModels, notFound } from '../asking/problems.ts';
import { Visibility } from '../asking/visibility.ts';
import type { Question } from './question.ts';
import { type QuestionName, questions } from './questions.ts';

/** What was read, and where it stands. */
interface Answered {
  /** The sequence of the last event that the answer knows. */
  readonly sequence: number;
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
  ) {}

  async execute({ question, ledger, parameters, id, party }: Ask): Promise<Answered> {
    await this.ledgers.check(ledger);
    const { 'min-sequence': minSequence, ...asked } = parameters;
    refuseOtherSpellings(asked);
    if (typeof minSequence === 'number') await this.visibility.applied(ledger, minSequence);
    try {
      const read = (model: ReadModel) => answer(model, questions[question], asked, id);
      return await withReadModels(this.pool, ledger, read, new Date(), party);
    } catch (error) {
      throw badCursor(error, asked) ?? noReadModels(error) ?? error;
    }
  }
}

/** An id that an event could not have, like one in NFD, would find nothing, although it looks like one that is there. */
function refuseOtherSpellings({
  cursor: _,
  subject: __,
  source: ___,
  ...asked
}: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(asked)) {
    if (typeof value !== 'string' || /^[\x21-\x7e]{3,128}$/.test(value)) continue;
    const detail = whyNoId(value);
    if (detail !== undefined) throw malformed([{ pointer: `/${name}`, detail }]);
  }
}

async function answer(model: ReadModel, question: Question, asked: object, id: string): Promise<Answered> {
  const { ledger, sequence } = model;
  const found = await question.read(model, asked, id);
  if (found === undefined) throw notFound(`the ledger ${ledger} has no ${question.id?.what ?? ''} ${id}`, { ledger });
  const version = question.versioned === true ? await versionOf(model, `${question.id?.what ?? ''}/${id}`) : undefined;
  return { sequence, found, version };
}

/** As of the answer: a later event of the stream is not in it, and whoever acts on the answer has to be told of that. */
async function versionOf({ db, ledger, sequence }: ReadModel, entity: string): Promise<number | undefined> {
  return (await streamVersion(db, ledger, entity as EntityKey, sequence)) || undefined;
}

/** Somebody made the cursor up: it is not one of this list, or it holds values that no row has (SQLSTATE class 22). */
function badCursor(error: unknown, asked: { readonly cursor?: unknown }): Error | undefined {
  const { code } = error as { code?: unknown };
  const bad = typeof code === 'string' && code.startsWith('22') ? new BadCursor() : error;
  return bad instanceof BadCursor && asked.cursor !== undefined
    ? malformed([{ pointer: '/cursor', detail: bad.message }])
    : undefined;
}
