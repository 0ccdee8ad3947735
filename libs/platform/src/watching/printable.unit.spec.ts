import { describe, expect, it } from 'vitest';
import { createLogger, formatForTerminal } from './logging.ts';
import { printable, printableJson, printableLines } from './printable.ts';

/** One of each kind: C0, DEL, C1, bidirectional, zero-width, a byte order mark, a tag, a separator, a filler, half a pair. */
const HOSTILE = [
  '\u001b',
  '\u0007',
  '\u007f',
  '\u009b',
  '\u202e',
  '\u2066',
  '\u200b',
  '\ufeff',
  '\u{e0041}',
  '\u2028',
  '\u3164',
  '\ud800',
];

describe('text of others on a terminal', () => {
  it.each(HOSTILE)('shows %j as a replacement character, in a line and in several', (character) => {
    expect(printable(`a${character}b`)).toBe('a\uFFFDb');
    expect(printableLines(`a${character}\nb`)).toBe('a\uFFFD\nb');
  });

  it('keeps letters of every script, accents, and signs above U+FFFF', () => {
    const text = 'Müller & Söhne · 华硕 · नमस्ते · שלום · e\u0301 · 𝔘 · →';
    expect(printable(text)).toBe(text);
  });

  it('keeps the value of JSON while its text has no such character', () => {
    const value = { text: HOSTILE.join('') };
    const json = printableJson(JSON.stringify(value, null, 2));
    expect(JSON.parse(json)).toEqual(value);
    expect(printableLines(json)).toBe(json);
  });

  it('is escaped in log lines, and replaced where a terminal shows them', () => {
    let line = '';
    createLogger('test', 'info', { write: (text: string) => (line += text) }).info(
      { said: HOSTILE.join('') },
      HOSTILE.join(''),
    );
    expect(printableLines(line)).toBe(line);
    const shown = formatForTerminal(
      JSON.stringify({ ...(JSON.parse(line) as object), err: { stack: HOSTILE.join('') } }),
    );
    expect(printableLines(shown)).toBe(shown);
  });
});
