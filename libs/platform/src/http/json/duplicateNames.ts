import { pointer } from '../jsonPointer.ts';

/** How many members the objects of a parsed value have, all together. */
export function countMembers(value: unknown): number {
  if (value === null || typeof value !== 'object') return 0;
  if (Array.isArray(value)) return value.reduce((sum: number, element) => sum + countMembers(element), 0);
  let members = 0;
  for (const name of Object.keys(value)) members += 1 + countMembers((value as Record<string, unknown>)[name]);
  return members;
}

/**
 * The pointers of members whose name their object has already, in a text that is JSON. Slow and exact: it is asked only
 * when the counts differ.
 */
export function duplicateNames(text: string): string[] {
  const found: string[] = [];
  const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}:,]/g);
  const open: { names: Set<string> | undefined; at: string | number }[] = [];
  let last = '';
  for (const [token] of tokens) {
    const top = open.at(-1);
    if (token === '{') open.push({ names: new Set(), at: '' });
    else if (token === '[') open.push({ names: undefined, at: 0 });
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',' && typeof top?.at === 'number') top.at++;
    else if (token === ':' && top?.names !== undefined) {
      top.at = JSON.parse(last) as string;
      if (top.names.has(top.at)) found.push(pointer(open.map(({ at }) => at)));
      top.names.add(top.at);
    }
    last = token;
  }
  return found;
}
