import type { z } from 'zod';
import type { PastKind } from '#projections/past/askPast';
import type { Page } from '#projections/reading/page';
import type { ReadModel } from '#projections/reading/readModel';
import { inTime, onlyNow, paging, parameters } from '../asking/parameters.ts';
import type { ComponentName } from '#platform/docs/components';

/** A question about one ledger: its route, what it takes, what its rows are, and what answers it. */
export interface Question {
  /** Under `/v1/ledgers/{ledger}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** Of the query string. */
  readonly parameters: z.ZodObject;
  readonly row: ComponentName;
  /** Whether it is answered by a page of rows or by one row. */
  readonly answer: 'page' | 'row';
  /** What the id in the path names. */
  readonly id?: PathId;
  /** The item in the path before it, of which it is. */
  readonly item?: PathId;
  /** Whether the answer has the version of the stream of what the id names. */
  readonly versioned?: boolean;
  /** Whether it is answered as of any moment; else about now only. What is folded is. */
  readonly past?: boolean;
  /** What the past of it is worked out of, where it is asked of the events of a moment, folded into empty tables. */
  readonly fold?: PastKind;
  /** Whether it is folded about now, too: a series has the past in it. */
  readonly series?: true;
  /** @returns undefined when there is nothing of this id */
  read(model: ReadModel, asked: object, id: string): Promise<unknown>;
  /** Where the past is read in another way. */
  readPast?(model: ReadModel, asked: object, id: string): Promise<unknown>;
}

interface PathId {
  /** It is made of several ids, so it may be longer than one. */
  readonly composed?: boolean;
  /** As it is said in a sentence: `order`. */
  readonly what: string;
  readonly description: string;
  readonly example: string;
  /** What it may be, where it is no id of the ledger's. */
  readonly text?: z.ZodType;
}

type About = Omit<Question, 'parameters' | 'answer' | 'read' | 'readPast'>;
type Shape = z.core.$ZodLooseShape;
type Parsed<S extends Shape> = z.output<z.ZodObject<S>>;

const timesOf = ({ past, fold }: About) => (past === true || fold !== undefined ? inTime : onlyNow());

/** A list, page by page. */
export const list = <S extends Shape>(
  question: About & {
    readonly parameters: S;
    read(model: ReadModel, asked: Parsed<S & typeof paging>, id: string): Promise<Page<object> | undefined>;
    readPast?(model: ReadModel, asked: Parsed<S & typeof paging>): Promise<Page<object>>;
  },
): Question => ({
  ...(question as About & Pick<Question, 'read' | 'readPast'>),
  parameters: parameters({ ...question.parameters, ...paging, ...timesOf(question) }),
  answer: 'page',
});

/** One row, by the id in the path. */
export const one = <S extends Shape>(
  question: About & {
    readonly id: PathId;
    readonly parameters?: S;
    read(model: ReadModel, id: string, asked: Parsed<S>): Promise<object | undefined>;
  },
): Question => ({
  ...question,
  parameters: parameters({ ...question.parameters, ...timesOf(question) }),
  answer: 'row',
  read: (model, asked, id) => question.read(model, id, asked as Parsed<S>),
});
