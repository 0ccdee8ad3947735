/** The most characters of an id, counted as JSON Schema counts: code points. */
const MAX_ID = 128;

/** What the published pattern says of the ends of an id, and of all of it. */
const NO_END = '\\x00-\\x20\\x7f-\\xa0\\xad';
const NOWHERE = '\\x00-\\x1f\\x7f-\\xa0\\xad';

/** The published pattern of an id; it takes every id, and some texts that are none. */
export const IDS_PATTERN = `^[^${NO_END}](?:[^${NOWHERE}]{0,${MAX_ID - 2}}[^${NO_END}])?$`;

/** What is refused in an id wherever it stands, each kind with why, and what to send. */
const refused: readonly (readonly [kind: RegExp, why: string])[] = [
  [/[\p{Cc}\p{Cs}\p{Cn}\p{Co}\p{Zl}\p{Zp}]/u, 'cannot be printed: leave it out'],
  [
    /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u,
    'cannot be seen, and an id that looks like another is not taken: leave it out',
  ],
  [/(?! )[\p{Zs}\u2800]/u, 'looks like a blank: write U+0020, or leave it out'],
];

/**
 * Why a text is no id; undefined when it is one. An id is 1 to 128 characters of printable text, as other systems make them
 * (`PO/2026/0007`, `SO 1234`, `№ 7`), with one spelling only: in Unicode's NFC, without what cannot be seen, and with no blank
 * at its ends. What is refused is never corrected here, since two ids would become one.
 */
export function whyNoId(text: string): string | undefined {
  if (text === '') return 'an id has at least 1 character';
  for (const [kind, why] of refused) {
    const found = kind.exec(text);
    if (found !== null) return `the character ${codes(found[0])}, at position ${found.index}, ${why}`;
  }
  if (text.startsWith(' ') || text.endsWith(' '))
    return `an id ${text.startsWith(' ') ? 'begins' : 'ends'} with something else than a blank: leave the blank out`;
  if (text === '.' || text === '..')
    return `an id is more than ${text === '.' ? 'a dot' : 'two dots'}: in an address that names a folder, and is left out on the way`;
  const length = Array.from(text).length;
  if (length > MAX_ID) return `an id has at most ${MAX_ID} characters, this one has ${length}`;
  return whyNotComposed(text);
}

function whyNotComposed(text: string): string | undefined {
  const composed = text.normalize('NFC');
  if (composed === text) return undefined;
  const [is, should] = [Array.from(text), Array.from(composed)];
  let start = 0;
  while (is[start] === should[start]) start++;
  let end = 0;
  while (end < Math.min(is.length, should.length) - start && is.at(-1 - end) === should.at(-1 - end)) end++;
  const middle = (characters: readonly string[]) =>
    codes(
      characters
        .slice(start, characters.length - end)
        .slice(0, 8)
        .join(''),
    );
  const position = is.slice(0, start).join('').length;
  return `an id is in Unicode's normal form C (NFC): for ${middle(is)}, at position ${position}, send ${middle(should)}`;
}

/** `U+0065 U+0301` */
export const codes = (text: string): string =>
  Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  }).join(' ');
