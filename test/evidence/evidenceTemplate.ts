import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import ts from 'typescript';

/**
 * The page of evidence without the evidence: the skeleton, its style, and the program that checks it, which is the modules of `libs/proofs` and
 * `libs/evidence` themselves, without their types, one after the other in one scope. `npm run generate` writes it, and it stays readable.
 *
 * @param root of the checkout
 */
export function evidenceTemplate(root: string): string {
  const libs = pathToFileURL(join(root, 'libs/'));
  const page = new URL('evidence/src/page/', libs);
  const script = `\n'use strict';\n{\n${modules(new URL('main.ts', page), libs).join('\n')}}\n`;
  new Script(script); // In a block, a name that two modules have is a syntax error.
  const style = `\n${read(new URL('page.css', page))}`;
  const fields: Readonly<Record<string, string>> = {
    script,
    style,
    // A browser runs the program only as it was made: a changed byte of it, and the page says that it was not checked.
    scriptHash: hashOf(script),
    styleHash: hashOf(style),
  };
  return read(new URL('skeleton.html', page)).replaceAll(
    /\{\{(\w+)\}\}/g,
    (field, name: string) => fields[name] ?? field,
  );
}

const read = (url: URL): string => readFileSync(url, 'utf8');
const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

const IMPORT = /^import (?:\{([^}]*)\} from )?['"]([^'"]+)['"];\n/gm;

/** The JavaScript of a module after that of all that it imports, each once. */
function modules(url: URL, libs: URL, seen = new Set<string>()): string[] {
  if (seen.has(url.href)) return [];
  seen.add(url.href);
  const before: string[] = [];
  // The compiler keeps lines and comments as they are.
  const { outputText } = ts.transpileModule(read(url), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022, verbatimModuleSyntax: true },
  });
  const own = outputText
    .replaceAll(IMPORT, (whole, names: string | undefined, from: string) => {
      if (names?.includes(' as ') === true) throw new Error(`${url.pathname} renames what it imports: ${whole}`);
      before.push(...modules(sourceOf(from, url, libs), libs, seen));
      return '';
    })
    .replaceAll(/^export (?=(?:async )?function |const |class |let )/gm, '');
  if (/^(?:import|export)\b/m.test(own)) throw new Error(`${url.pathname} has an import or export of another kind`);
  if (/\{\{\w+\}\}|<\/script|<!--/i.test(own))
    throw new Error(`${url.pathname} has a text that would end the program in a page`);
  return [...before, `// ${url.pathname.slice(libs.pathname.length)}\n${own}`];
}

/** Libraries name each other by `#proofs/text`, and what is in them by `./text.ts`. */
function sourceOf(from: string, by: URL, libs: URL): URL {
  const [, lib, file] = /^#(\w+)\/(.+)$/.exec(from) ?? [];
  return file === undefined ? new URL(from, by) : new URL(`${lib ?? ''}/src/${file}.ts`, libs);
}
