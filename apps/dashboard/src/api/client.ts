import type { Problem } from '#contracts/problem';
import { takeEarly } from './early.ts';
import { type Asked, PAGE, searchOf } from './paths.ts';
import { keyInUse, signOut } from './session.ts';

/** An answer that is not one: what is wrong, and what to do about it, as the service says it. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/** What is refused for what it asks is refused again; what was not answered, or not by Lading, may be. */
export const isWorthAgain = (error: Error | null): boolean =>
  error !== null && !(error instanceof Refused && error.problem.status < 500);

/** Rows, the event on which they stand, and when they came. */
export interface Rows<T> {
  readonly rows: readonly T[];
  readonly sequence: number | undefined;
  /** There are more rows than these. */
  readonly more: boolean;
  readonly received: number;
  /** Milliseconds from the question to the last of its rows. */
  readonly took: number;
}

/** Some rows of a list, and where the next begin. */
export interface Page<T> {
  readonly sequence?: number;
  readonly data: readonly T[];
  readonly next: string | null;
}

/** So many rows are put together at the most; what has more pages as it is scrolled. */
const MOST_ROWS = 5000;

/** All rows of a list, which are of one moment, however many pages they take. */
export async function askRows<T>(path: string, asked: Asked, signal?: AbortSignal, most = MOST_ROWS): Promise<Rows<T>> {
  const rows: T[] = [];
  const began = performance.now();
  let sequence: number | undefined;
  let next: string | null = null;
  do {
    const limit = Math.min(PAGE, most - rows.length);
    const page: Page<T> = await ask<Page<T>>(path, { ...asked, limit, cursor: next ?? undefined }, signal);
    rows.push(...page.data);
    sequence = page.sequence;
    next = page.next;
  } while (next !== null && rows.length < most);
  return { rows, sequence, more: next !== null, received: Date.now(), took: performance.now() - began };
}

/** One page of a list. @throws Refused */
export const askPage = <T>(path: string, asked: Asked, signal: AbortSignal): Promise<Page<T>> =>
  ask<Page<T>>(path, asked, signal);

/** One answer. @throws Refused */
export async function ask<T>(path: string, asked: Asked, signal?: AbortSignal): Promise<T> {
  const early = await takeEarly<T>(path, asked);
  if (early !== undefined) return early;
  const answer = await request(`${path}${searchOf(asked)}`, signal === undefined ? {} : { signal });
  return (await answer.json()) as T;
}

/** A request with the key of this session. @throws Refused, and what `fetch` throws where nothing answers */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${keyInUse() ?? ''}`);
  const answer = await fetch(path, { ...init, headers });
  if (answer.ok) return answer;
  const problem = await problemOf(answer);
  if (answer.status === 401)
    signOut('This key is not one of this Lading, or is so no longer. Sign in to go on from here.');
  throw new Refused(problem);
}

async function problemOf(answer: Response): Promise<Problem> {
  try {
    return (await answer.json()) as Problem;
  } catch {
    const { status } = answer;
    return {
      type: 'about:blank',
      title: 'No answer',
      status,
      detail: `What answers (status ${status}) is not Lading.`,
      code: 'internal',
    };
  }
}
