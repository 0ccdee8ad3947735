import { readFileSync } from 'node:fs';
import type { EvidenceFile } from './check.ts';

/** Made by `npm run generate` from the sources in `page/`, so that every page of a release has the same program in it. */
const template = (): string => readFileSync(new URL('./page/evidence.html', import.meta.url), 'utf8');
let parts: readonly string[] | undefined;

const ESCAPED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escaped = (text: string): string => text.replaceAll(/[&<>]/g, (one) => ESCAPED[one] ?? one);

/** @param title of the page: what it is evidence of, in a few words */
export function evidencePage(title: string, { proof, keys }: EvidenceFile): string {
  parts ??= template().split(/(\{\{\w+\}\})/);
  const fields: Readonly<Record<string, string>> = {
    '{{title}}': escaped(title),
    '{{proof}}': escaped(proof),
    '{{keys}}': escaped(keys.map((key) => `${key}\n`).join('')),
  };
  return parts.map((part) => fields[part] ?? part).join('');
}
