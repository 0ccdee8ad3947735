import type { Place } from '../url/place.ts';

/** Something that can be gone to, by its name. */
export interface Findable {
  readonly kind: string;
  readonly name: string;
  /** What else is said of it, and found by. */
  readonly about: string;
  readonly to: Place;
}

/** What a text may mean, the likeliest first: its whole name, how the name begins, what is in it, what is said of it. */
export function foundBy(text: string, all: readonly Findable[], most = 12): Findable[] {
  const asked = text.trim().toLowerCase();
  if (asked === '') return all.slice(0, most);
  const rank = ({ name, kind, about }: Findable): number => {
    const own = name.toLowerCase();
    if (own === asked) return 0;
    if (own.startsWith(asked)) return 1;
    if (own.includes(asked)) return 2;
    const words = asked.split(/\s+/);
    const said = `${kind} ${name} ${about}`.toLowerCase();
    return words.every((word) => said.includes(word)) ? 3 : 4;
  };
  return all
    .map((one) => [rank(one), one] as const)
    .filter(([rated]) => rated < 4)
    .sort(([a], [b]) => a - b)
    .slice(0, most)
    .map(([, one]) => one);
}

/** Whether a key that was pressed asks for the palette: not while somebody writes. */
export function asksForPalette(event: {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly target: unknown;
}): boolean {
  const { key, ctrlKey, metaKey, altKey, target } = event;
  if ((ctrlKey || metaKey) && !altKey) return key.toLowerCase() === 'k';
  const { tagName = '', isContentEditable = false } = (target ?? {}) as {
    tagName?: string;
    isContentEditable?: boolean;
  };
  return key === '/' && !altKey && !isContentEditable && !['INPUT', 'SELECT', 'TEXTAREA'].includes(tagName);
}
