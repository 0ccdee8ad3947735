import { describe, expect, it } from 'vitest';
import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { buildProgram } from '#apps/cli/src/program';
import { signingSettings } from '#checkpoints/signingSettings';
import { topicSettings } from '#feed/topicSettings';
import { isEventType } from '#contracts/catalog';
import { rejectionCodes } from '#contracts/rejections';
import { roles } from '#platform/keys/actor';
import { settings } from '#platform/service/config';
import { FIRST_PORT, services } from '#scripts/stack/services.mjs';
import { type Document, documents, filesUnder, readDocument } from './documents.ts';

const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const sources = filesUnder('apps', 'libs', 'scripts', 'test').filter((file) => /[.](ts|mjs)$/.test(file));
const program = await buildProgram();
const code = ({ spans, blocks }: Document): string[] => [...spans, ...blocks];
const all = (pattern: RegExp, texts: readonly string[]): string[] =>
  texts.flatMap((text) => [...text.matchAll(pattern)].map(([, found = '']) => found));

/** `lading api-keys create x --role read`, `npm run -s lading -- replay --ledger west`: each with what follows on its line. */
const commandLines = (document: Document): string[] =>
  all(
    /\blading(?: --)? ([a-z][^\n|>)]*)/g,
    code(document).map((text) => text.replaceAll('\\\n', ' ')),
  );

/** What in a command line the program does not know: a command, a command of a command, an option. */
function unknownIn(line: string): string[] {
  const [first = '', second = '', ...rest] = line.trim().split(/[\s;]+/);
  const command = commandOf(program, first);
  if (command === undefined) return [first];
  const sub = commandOf(command, second);
  if (sub === undefined && command.commands.length > 0 && second !== '' && !second.startsWith('-')) return [second];
  const options = [...(sub ?? command).options, ...command.options].map(({ long }) => long);
  return [second, ...rest].filter((word) => /^--\w/.test(word) && word !== '--help' && !options.includes(word));
}
const commandOf = (of: Command, name: string): Command | undefined =>
  of.commands.find((command) => command.name() === name);

/** As in paths of the OpenAPI document, whatever the parameters are called. */
const nameless = (route: string): string => route.replace(/[?].*$/, '').replaceAll(/\{\w+\}/g, '{}');
const routes = new Set(
  Object.entries(
    (JSON.parse(read('libs/contracts/generated/openapi.json')) as { paths: Record<string, object> }).paths,
  ).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${nameless(path)}`)),
);

describe('what the documents name exists in the code', () => {
  it.each(documents)('every npm script that $path names', (document) => {
    const named = all(/\bnpm run (?:-s )?([a-z][\w:-]*)/g, code(document));
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it.each(documents)('every command and option of lading that $path names', (document) => {
    const wrong = commandLines(document).flatMap((line) => unknownIn(line).map((word) => `${word} in: lading ${line}`));
    expect(wrong).toEqual([]);
  });

  it.each(documents)('every environment variable that $path names is read somewhere', (document) => {
    const named = new Set(all(/\b(LADING_[A-Z_]+|DATABASE_URL|KAFKA_BROKERS|LOG_LEVEL)\b/g, [document.text]));
    const text = [...named].length > 0 ? sources.map(read).join('\n') : '';
    const isRead = (name: string) =>
      new RegExp(`env[.]${name}\\b|['"]${name}['"]|[{,] ${name}\\b|\\b${name}:`).test(text);
    expect([...named].filter((name) => !isRead(name))).toEqual([]);
  });

  it.each(documents)('every route that $path names', (document) => {
    const named = all(/^((?:GET|POST|PUT|DELETE) \/[^\s`]*)/g, document.spans);
    expect(named.filter((route) => !routes.has(nameless(route)))).toEqual([]);
  });

  it.each(documents)('every event type that $path names', (document) => {
    const named = all(/\b(lading\.[a-z_]+\.[a-z_]+\.v\d+)\b/g, [document.text]);
    // The one that the walk-through adds.
    const imaginary = (type: string) => document.path === 'CONTRIBUTING.md' && type === 'lading.units.stolen.v1';
    expect(named.filter((type) => !isEventType(type) && !imaginary(type))).toEqual([]);
  });

  it.each(documents)('every role that $path names, and every code of a rejection in its examples', (document) => {
    const named = all(/\b([a-z]+:write)\b/g, [document.text]);
    expect(named.filter((role) => !roles.some((known) => known === role))).toEqual([]);
    const codes = all(/"code":"([a-z-]+)"/g, document.blocks);
    expect(codes.filter((of) => !rejectionCodes.some((known) => known === of))).toEqual([]);
  });

  it('every part that is run in CONTRIBUTING.md runs at least one test', () => {
    const paths = all(/^npm test -- .*?((?:apps|libs|test)\/\S+)/gm, readDocument('CONTRIBUTING.md').blocks);
    const specs = sources.filter((file) => file.endsWith('.spec.ts'));
    expect(paths).not.toHaveLength(0);
    expect(paths.filter((path) => !specs.some((spec) => spec.includes(path)))).toEqual([]);
  });
});

describe('README.md names all that there is', () => {
  const readme = readDocument('README.md');

  it('every setting', () => {
    const rows = all(/^\| `([A-Z_]+)` \|/gm, [readme.prose]);
    expect(rows.toSorted()).toEqual([...settings, ...topicSettings, ...signingSettings].toSorted());
  });

  it('every command of lading', () => {
    expect(program.commands.map((command) => command.name()).filter((name) => !readme.spans.includes(name))).toEqual(
      [],
    );
  });

  it('every service of the topology, at its port', () => {
    const missing = services.filter(({ name, offset }) => !readme.prose.includes(`${name} ${FIRST_PORT + offset}`));
    expect(missing).toEqual([]);
  });
});
