import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A block of a walk-through: code that goes to a place in a file, or a script that is run. */
export interface Step {
  /** `CONTRIBUTING.md:120`. */
  readonly where: string;
  readonly language: 'ts' | 'jsonc' | 'markdown' | 'sh';
  readonly text: string;
  /** Of any block but `sh`: the file, and the line that it goes before or after; a new file has no such line. */
  readonly file?: string;
  readonly place?: { readonly beside: 'before' | 'after'; readonly line: string };
}

const BLOCK = /^```(ts|jsonc|markdown|sh)\n([\s\S]*?)^```$/gm;
const NEW = /New, `([^`]+)`:$/;
/** A place that has backticks in it stands between two of them, as Markdown has it. */
const IN = /In `([^`]+)`, (before|after) (?:`` (.+?) ``|`([^`]+)`):$/;

/** The blocks under one heading of a Markdown file, in order. Throws when one that is not run does not say where it goes. */
export function stepsUnder(heading: string, path: string): Step[] {
  const document = readFileSync(path, 'utf8');
  const from = document.indexOf(`\n${heading}\n`);
  if (from < 0) throw new Error(`${path} has no heading "${heading}"`);
  const to = document.indexOf(`\n${/^#+ /.exec(heading)?.[0] ?? ''}`, from + 1);
  const section = document.slice(0, to < 0 ? undefined : to);
  return [...section.matchAll(BLOCK)]
    .filter(({ index }) => index > from)
    .map(({ 1: fence, 2: text = '', index }): Step => {
      const language = fence as Step['language'];
      const where = `${path.split('/').at(-1) ?? path}:${section.slice(0, index).split('\n').length}`;
      if (language === 'sh') return { where, language, text };
      // Prose is wrapped: the sentence above the block, as one line.
      const above = section.slice(0, index).trimEnd().split('\n\n').at(-1)!.replaceAll('\n', ' ');
      const fresh = NEW.exec(above)?.[1];
      if (fresh !== undefined) return { where, language, text, file: fresh };
      const [, file, beside, quoted, line = quoted] = IN.exec(above) ?? [];
      if (file === undefined || line === undefined)
        throw new Error(`${where}: the text above the block does not end with where it goes: "… ${above.slice(-80)}"`);
      return { where, language, text, file, place: { beside: beside as 'before' | 'after', line } };
    });
}

/** Does in `folder` what such a block says. Throws, naming the block, when it does not fit the file any more. */
export function applyTo(folder: string, { where, text, file, place }: Step): void {
  const path = join(folder, file ?? '');
  if (place === undefined) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: 'wx' });
    return;
  }
  const lines = readFileSync(path, 'utf8').split('\n');
  const found = lines.flatMap((line, at) => (line.trim() === place.line ? [at] : []));
  const [at] = found;
  if (at === undefined || found.length > 1)
    throw new Error(`${where}: ${file ?? ''} has ${found.length} lines that are "${place.line}", and must have one`);
  lines.splice(place.beside === 'before' ? at : at + 1, 0, ...text.replace(/\n$/, '').split('\n'));
  writeFileSync(path, lines.join('\n'));
}
