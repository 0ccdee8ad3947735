/**
 * Characters that control a terminal or hide what a text says: control characters, bidirectional controls, zero-width and other invisible
 * characters, line separators, halves of surrogate pairs.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Shows such characters as U+FFFD, because text that others wrote must not control the terminal. */
export const printable = (text: string): string => text.replaceAll(UNPRINTABLE, '\uFFFD');

/** The same for a text of several lines. */
export const printableLines = (text: string): string =>
  text.replaceAll(UNPRINTABLE, (character) => (character === '\n' ? character : '\uFFFD'));

/** The same JSON, with such characters as escapes. Its line ends, which are outside of its texts, stay. */
export const printableJson = (json: string): string =>
  json.replaceAll(UNPRINTABLE, (character) => (character === '\n' ? character : escaped(character)));

/** A character above U+FFFF has an escape for each half. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
