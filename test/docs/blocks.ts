import { readFileSync } from 'node:fs';

/** A shell example of a document, and what the document says that it prints. */
export interface Example {
  /** `README.md:57`. */
  readonly where: string;
  /** The heading above it, `A rebuild`. */
  readonly chapter: string;
  readonly script: string;
  /** Undefined where the document does not say. */
  readonly prints: string | undefined;
}

const BLOCK = /^```(\w+)\n([\s\S]*?)^```$/gm;

/** Every `sh` block of a Markdown file, in order; a `json` or `text` block that follows it directly is what it prints. */
export function examplesIn(path: string): Example[] {
  const text = readFileSync(path, 'utf8');
  const blocks = [...text.matchAll(BLOCK)].map(({ 0: all, 1: language, 2: body = '', index }) => ({
    language,
    body,
    start: index,
    end: index + all.length,
  }));
  return blocks.flatMap(({ language, body, start, end }, at) => {
    if (language !== 'sh') return [];
    const next = blocks[at + 1];
    const follows =
      next !== undefined && /^(json|text)$/.test(next.language ?? '') && text.slice(end, next.start).trim() === '';
    const line = text.slice(0, start).split('\n').length;
    const where = `${path.split('/').at(-1) ?? path}:${line}`;
    const chapter = [...text.slice(0, start).matchAll(/^## (.*)$/gm)].at(-1)?.[1] ?? '';
    return [{ where, chapter, script: body, prints: follows ? next.body : undefined }];
  });
}

/** Moments differ from run to run; JSON is compared as data, so that the document may break its lines. */
export function comparable(text: string): string {
  const timeless = text.trim().replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<moment>');
  try {
    return JSON.stringify(JSON.parse(timeless), null, 2);
  } catch {
    return timeless;
  }
}
