/** What a JSON text looks like from outside, before it is parsed. */
export interface Scan {
  /** How deep it nests: 1 for `{}`. */
  readonly depth: number;
  /** How many members its objects have, as written: a name written twice counts twice. */
  readonly members: number;
}

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_ARRAY = 91;
const BACKSLASH = 92;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/**
 * Walks over a text once, at about 1 ns a character, without judging it: `JSON.parse` does that afterwards.
 * It bounds the nesting before anything recursive sees the value, and counts what `JSON.parse` would lose in silence.
 */
export function scanJson(text: string, start = 0, end = text.length): Scan {
  let deepest = 0;
  let depth = 0;
  let members = 0;
  for (let i = start; i < end; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = endOfString(text, i, end);
        break;
      case COLON:
        members++;
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        depth++;
        if (depth > deepest) deepest = depth;
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth--;
        break;
    }
  }
  return { depth: deepest, members };
}

/**
 * The places of an array's elements in a text, `[start, end)` each: so that they can be parsed one by one, and no large
 * batch holds the process up. Answers undefined when the text is not one array from its first character to its last.
 * What is between the commas may still be no JSON.
 */
export function elementsOf(text: string): [start: number, end: number][] | undefined {
  const first = text.search(/\S/);
  if (first < 0 || text.charCodeAt(first) !== OPEN_ARRAY) return undefined;
  const elements: [number, number][] = [];
  let depth = 0;
  let start = first + 1;
  for (let i = first; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = endOfString(text, i, text.length);
        break;
      case COMMA:
        if (depth !== 1) break;
        elements.push([start, i]);
        start = i + 1;
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        depth++;
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        if (--depth > 0) break;
        if (text.charCodeAt(i) !== CLOSE_ARRAY || text.slice(i + 1).trim() !== '') return undefined;
        if (elements.length > 0 || text.slice(start, i).trim() !== '') elements.push([start, i]);
        return elements;
    }
  }
  return undefined;
}

/** The index of the quote that closes the string opened at `open`. */
function endOfString(text: string, open: number, end: number): number {
  for (let i = open + 1; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i;
  }
  return end;
}
