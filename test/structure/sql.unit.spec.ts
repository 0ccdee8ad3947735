import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { filesUnder } from '#test/docs/documents';

/**
 * The rules by which SQL can be spread over machines by `ledger` (docs/decisions/057). No statement is missed, because it is not looked for
 * where it is run: every text in the code is looked at, and every name that stands in one where SQL wants a table must be known.
 */

/** Tables that stay on one machine, whole: docs/scale.md has the reasons. All others are spread. */
const LOCAL = [
  ...['read_model_versions', 'read_model_active', 'feed.relay_status', 'platform.api_keys', 'platform.api_key_uses'],
  ...[
    'pg_stat_user_tables',
    'pg_roles',
    'pg_database',
    'pg_namespace',
    'pg_class',
    'pg_indexes',
    'pg_depend',
    'pg_proc',
    'pg_type',
  ],
];

/** Statements about all ledgers: each would have to ask every machine. The fewer, the better. */
const ALL_LEDGERS = [
  'apps/relay/src/cursors.ts: FROM feed.relay_cursors',
  'libs/checkpoints/src/checkpoints.ts: FROM journal.ledgers l',
  'libs/checkpoints/src/checkpoints.ts: FROM journal.checkpoints c',
  'libs/checkpoints/src/checkpoints.ts: FROM journal.checkpoints',
  'libs/checkpoints/src/checkpoints.ts: UPDATE journal.verifier_keys',
  'libs/checkpoints/src/status.ts: FROM journal.signer_positions',
  'libs/checkpoints/src/status.ts: FROM journal.checkpoints',
  'libs/checkpoints/src/status.ts: FROM journal.verifier_keys',
  'libs/checkpoints/src/status.ts: JOIN journal.events e',
  'libs/checkpoints/src/status.ts: JOIN journal.ledgers l',
  'libs/feed/src/positionedSink.ts: FROM «this.#table»',
  'libs/feed/src/positionedSink.ts: FROM «this.#table»',
  'libs/feed/src/positionedSink.ts: UPDATE «this.#table»',
  'libs/feed/src/status.ts: FROM journal.ledgers l',
  'libs/feed/src/status.ts: JOIN «consumer.positions» p',
  'libs/feed/src/status.ts: JOIN journal.events e',
  'libs/journal/src/reader.ts: FROM journal.ledgers',
  'libs/journal/src/reader.ts: FROM journal.ledgers l',
  'libs/journal/src/reader.ts: JOIN journal.events e',
  'libs/projections/src/versions/rebuild.ts: FROM «schemaOfVersion(version)».positions',
  'libs/projections/src/versions/rebuild.ts: FROM «schemaOfVersion(version)».positions',
  'libs/projections/src/versions/switch.ts: FROM «schemaOfVersion(version)».positions new',
  'libs/projections/src/versions/switch.ts: JOIN «schemaOfVersion(other)».positions old',
  'libs/projections/src/versions/versions.ts: FROM positions',
];

const CLOCK = /\b(?:now|clock_timestamp|statement_timestamp|random|nextval|gen_random_uuid|set_config)\(/;
/** When a position was moved and a checkpoint published: both would have to be given the moment. */
const BY_CLOCK = [
  'libs/checkpoints/src/checkpoints.ts: ON CONFLICT',
  'libs/checkpoints/src/checkpoints.ts: UPDATE journal.checkpoints',
  'libs/feed/src/positionedSink.ts: UPDATE «this.#table»',
];

/** The first statement of a request, settings of a transaction or a connection, and tables that are made. */
const SEVERAL = [
  'libs/platform/src/keys/addKeyEnds.ts',
  'libs/platform/src/keys/createApiKeys.ts',
  'libs/platform/src/watching/databaseWatch.ts',
  'libs/projections/src/reading/readModel.ts',
  'libs/projections/src/versions/versions.ts',
  'libs/servers/src/embeddedPostgres.ts',
];

/** What is put in the place of a table and is none: a part of a statement that is a text of its own, or rows that are given. */
const PARTS = [
  ...['given', 'given»«onConflict', 'rows', 'from', 'of', 'posted', 'OVERSOLD', 'sql'],
  ...['accountsAmong(model, query, where)', 'overlapping(given)', 'TABLE'],
  "overlapping('u.first, u.last, u.account, u.ctid::text AS tid')",
  "divided(smallest, '(SELECT upto.lates AS f, last.lates AS t) w')",
];

/** Tables whose names are put there: those of the read models by their declarations, positions, and the two kinds of balances. */
const PUT = [
  '«consumer.positions»',
  "«of === 'total' ? 'holding_totals' : 'holdings'»",
  '«schemaOfVersion(this.asking.version)».«table»',
  '«schema»«table»',
  '«table»',
  '«this.#table»',
  '«this.name»',
];

/** A text of the code; what is put into it stands between « and ». */
interface Text {
  readonly file: string;
  readonly text: string;
}

const files = filesUnder('apps', 'libs').filter(
  (path) => path.endsWith('.ts') && !/[.]spec[.]ts$|\/migrations\/|^apps\/dashboard\//.test(path),
);
const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');

function textsOf(file: string): Text[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest);
  const texts: Text[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) texts.push({ file, text: node.text });
    if (ts.isTemplateExpression(node)) {
      const rest = node.templateSpans.map((span) => `«${span.expression.getText(source)}»${span.literal.text}`);
      texts.push({ file, text: node.head.text + rest.join('') });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

const KEYWORD = /\b(?:FROM|JOIN|INTO|UPDATE|USING)\b/;
const texts = files.filter((file) => KEYWORD.test(read(file))).flatMap(textsOf);

const tables = new Set(
  filesUnder('apps', 'libs')
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
    .flatMap((path) => [...read(path).matchAll(/CREATE TABLE ([a-z_.]+)|new Table\(\s*'(\w+)'/g)])
    .map(([, made, declared]) => made ?? declared ?? ''),
);

/** A place in a text where SQL wants a table. */
interface Site extends Text {
  readonly keyword: string;
  /** `journal.events`, `«schema».postings`, `«given»`. */
  readonly table: string;
  readonly alias: string | undefined;
  /** What follows it. */
  readonly after: string;
}

const SITE =
  /\b(FROM|JOIN|INTO|UPDATE|USING)\s+(?:ONLY\s+)?((?:«[^»]*»[.]?)?(?:[a-z_]+[.])?(?:[a-z_]+|«[^»]*»)|«[^»]*»)(\()?(?:\s+(?:AS\s+)?([a-z_]+)\b)?/g;
/** Not after these words: `DISTINCT FROM`, `extract(epoch FROM …)`, `FOR UPDATE`, `DO UPDATE`, `substring(bytes FROM …)`. */
const NO_TABLE = /(?:\bDISTINCT|\bepoch|\bFOR|\bDO)\s+$|substring\([^;]{0,60}$/;

function sitesIn({ file, text }: Text): Site[] {
  return [...text.matchAll(SITE)].flatMap(
    ({ 0: all, 1: keyword = '', 2: table = '', 3: isFunction, 4: alias, index }) =>
      isFunction !== undefined || NO_TABLE.test(text.slice(0, index))
        ? []
        : [{ file, text, keyword, table, alias, after: text.slice(index + all.length) }],
  );
}

const sites = texts.flatMap(sitesIn);
/** The table without what is put before it. */
const bare = ({ table }: Site): string => table.replace(/^«[^»]*»[.]?(?=.)/, '');
const isPart = ({ table }: Site): boolean => PARTS.some((part) => table === `«${part}»`);
const said = ({ file, keyword, table, alias }: Site): string =>
  `${file}: ${keyword} ${table}${alias === undefined ? '' : ` ${alias}`}`;

/** Names that a statement gives itself: `WITH name AS (`, `) AS name`. */
const isNamed = ({ file, table }: Site): boolean =>
  /^[a-z_]+$/.test(table) &&
  new RegExp(`\\b${table}\\b(?: \\([^)]*\\))? AS (?:MATERIALIZED )?\\(|\\)(?: AS)? ${table}\\b`).test(read(file));

/** Up to where its bracket ends, or the other side of a UNION begins, without what stands in brackets. */
function ownPart(text: string): string {
  let depth = 0;
  let own = '';
  for (const letter of text) {
    if (letter === '(') depth++;
    if (depth === 0) own += letter;
    if (letter === ')' && --depth < 0) break;
  }
  return own.split(/\bUNION\b/)[0] ?? own;
}

/** Whether the table has a ledger of its own in its part of the statement, which is a parameter. */
function hasLedger(site: Site): boolean {
  const { file, keyword, table, after } = site;
  if (keyword === 'INTO') return /^\s*\(ledger\b/.test(after);
  const alias = site.alias ?? bare(site).split('.').at(-1) ?? table;
  const own = ownPart(after);
  if (new RegExp(`(?:\\b${alias}[.]|(?<![.\\w]))ledger = (?:\\$\\d|«pg[.]escapeLiteral»)`).test(own)) return true;
  // A helper writes the conditions: its first one is the ledger of the table that it is made for.
  const isWritten = /«[^»]*(?:[.]sql|where|which|asked|this[.]#matches)[^»]*»/.test(own);
  if (!isWritten) return false;
  // What is put there has its alias in it.
  if (site.alias === undefined && table === '«table»') return true;
  return new RegExp(`new Where\\([^)]*'${alias}'|'${alias}[.]ledger = [$]1'`).test(read(file));
}

describe('the SQL of the services and libraries', () => {
  it('names only tables that are known, so that no statement is left out below', () => {
    const isKnown = (site: Site) => isPart(site) || isNamed(site) || [...tables, ...LOCAL].includes(bare(site));
    const isPut = ({ table }: Site) => table.startsWith('«');
    expect(sites.filter((site) => !isKnown(site) && !isPut(site)).map(said)).toEqual([]);
    // Tables by another name.
    expect([...new Set(sites.filter((site) => !isKnown(site)).map(({ table }) => table))].sort()).toEqual(PUT);
    expect(sites.length).toBeGreaterThan(350);
  });

  it('puts a table after the word that wants one, and never after a comma or in another text', () => {
    const cut = texts.filter(({ text }) => /\b(?:FROM|JOIN|INTO|USING)\s*$/.test(text));
    const comma = sites.filter(({ after, table }) => tables.has(table) && /^\s*,(?!\s*LATERAL)/.test(after));
    expect(cut).toEqual([]);
    expect(comma.map(said)).toEqual([]);
  });

  it('names the ledger of each spread table itself, as a parameter, but where it is about all ledgers', () => {
    const spread = sites.filter((site) => !isPart(site) && !isNamed(site) && !LOCAL.includes(bare(site)));
    const without = spread.filter((site) => !hasLedger(site));
    expect(without.map(said).sort()).toEqual([...ALL_LEDGERS].sort());
    expect(spread.length).toBeGreaterThan(250);
  });

  it('changes no row of a spread table by a clock that each machine has for itself, but where that is listed', () => {
    const changes = sites.filter(({ keyword, table }) => keyword === 'UPDATE' && !LOCAL.includes(table));
    const byClock = changes.filter(({ after }) => CLOCK.test(after.split(/\bWHERE\b/)[0] ?? after));
    const onConflict = texts.flatMap(({ file, text }) => {
      const [, set = ''] = /DO UPDATE\s+SET([\s\S]*)/.exec(text) ?? [];
      return CLOCK.test(set) ? [`${file}: ON CONFLICT`] : [];
    });
    const told = texts.filter(({ text }) => CLOCK.test(/\bRETURNING\b([^)]*)/.exec(text)?.[1] ?? ''));
    expect([...byClock.map(said), ...onConflict].sort()).toEqual(BY_CLOCK);
    expect(told).toEqual([]);
  });

  it('is one statement in each text, but where a transaction begins and where tables are made', () => {
    const several = texts.filter(
      ({ text }) => /;\s*\S/.test(text) && /\b(?:SELECT|SET|INSERT|UPDATE|DELETE|CREATE)\b/.test(text),
    );
    expect([...new Set(several.map(({ file }) => file))].sort()).toEqual(SEVERAL);
  });
});
