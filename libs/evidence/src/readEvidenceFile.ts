import { Malformed, textOf } from '#proofs/text';
import type { EvidenceFile } from './check.ts';

// Evidence as a file: a C2SP tlog-proof, or one HTML page that contains it together with the program that checks it. A browser reads them, too.

const UNESCAPED: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };

/**
 * Reads either form. Nothing of it is checked, and the program in a page is not run.
 *
 * @throws {Malformed} when it is neither
 */
export function readEvidenceFile(bytes: Uint8Array): EvidenceFile {
  const text = textOf(bytes);
  if (text.startsWith('c2sp.org/tlog-proof@')) return { proof: text, keys: [] };
  // As a browser reads it: mail and editors may have changed the ends of its lines.
  const html = text.replaceAll('\r\n', '\n');
  const keys = content(html, 'keys').split('\n');
  return { proof: content(html, 'proof'), keys: keys.filter((key) => key !== '') };
}

function content(html: string, id: 'proof' | 'keys'): string {
  const found = [...html.matchAll(new RegExp(`<pre id="${id}"[^>]*>([^<]*)</pre>`, 'g'))];
  const [, inner] = found[0] ?? [];
  if (inner === undefined || found.length > 1)
    throw new Malformed('it is neither a tlog-proof nor a whole page of evidence');
  return inner.replaceAll(/&(?:amp|lt|gt);/g, (one) => UNESCAPED[one] ?? one);
}
