import { placeOf } from '../url/place.ts';
import { type Asked, ledgerPath, PAGE, searchOf, STORED } from './paths.ts';

/** What the first view asks, whoever opens it. */
export const HOLDINGS: Asked = { groupBy: 'owner,custodian,item,stage' };

interface Early {
  readonly sequence?: number;
}

const early = new Map<string, Promise<unknown>>();

/**
 * Questions that the page will ask anyway go out while its script is still being read: this file is a script of its own, and small. They say
 * nothing of how far the answer has to be, which only the list of ledgers tells: whoever takes an answer looks at that.
 */
function askEarly(): void {
  const key = window.sessionStorage.getItem(STORED);
  // Another key comes with the address.
  if (key === null || window.location.hash !== '') return;
  const { ledger, view, at, known } = placeOf(window.location);
  const paths = [`/v1/ledgers${searchOf({ limit: PAGE })}`];
  if (ledger !== undefined && view === 'holdings')
    paths.push(`${ledgerPath(ledger)}/holdings${searchOf({ ...HOLDINGS, at, known, limit: PAGE })}`);
  for (const path of paths) early.set(path, answerOf(path, key));
}

/** @returns undefined where there is none: then it is asked as ever, and what is wrong is said there */
async function answerOf(path: string, key: string): Promise<unknown> {
  try {
    const answer = await fetch(path, { headers: { authorization: `Bearer ${key}` } });
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}

/** Whether something was asked for, and is not taken yet. */
export const isAsked = (): boolean => early.size > 0;

/** The answer that was asked for before, once, where it is as new as it has to be. */
export async function takeEarly<T>(
  path: string,
  { 'min-sequence': least = 0, ...asked }: Asked,
): Promise<T | undefined> {
  const name = `${path}${searchOf(asked)}`;
  const answer = (await early.get(name)) as (T & Early) | undefined;
  early.delete(name);
  return (answer?.sequence ?? Infinity) >= Number(least) ? answer : undefined;
}

askEarly();
