import type pg from 'pg';
import type { NamedUnits, TheRest, UnitChanges } from '#ledger/units';
import { joinUnits, UnitMap, type UnitRange } from '#ledger/unitRanges';
import { Turns } from '#platform/service/turns';
import { inOrder } from './transaction.ts';
import { intArray, statementName, textArray } from './values.ts';

/** A row: units that are together in one account. */
export interface StoredUnits extends UnitRange {
  readonly account: string;
  /** Where the row is, as long as its transaction holds the ledger's lock and writes no other. */
  readonly tid: string;
}

// Of one item and series no two rows overlap, so they stand in the order of their last numbers, too: those that overlap a range
// are the rows that end in it, and the next one if it begins before the range ends. Each part is one look into the index, whatever
// PostgreSQL knows about the table. The next one takes as long as five others, since PostgreSQL reads a page for it, and there is none
// where a row ends with the range.
const overlapping = (columns: string): string => `
  unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::bigint[]) AS asked (item, prefix, digits, first, last)
  CROSS JOIN LATERAL (
    SELECT ${columns} FROM journal.units AS u
     WHERE u.ledger = $1 AND u.item = asked.item AND u.prefix = asked.prefix AND u.digits = asked.digits
       AND u.last >= asked.first AND u.last <= asked.last
    UNION ALL
    SELECT ${columns} FROM (
      SELECT u.ctid, u.* FROM journal.units AS u
       WHERE u.ledger = $1 AND u.item = asked.item AND u.prefix = asked.prefix AND u.digits = asked.digits
         AND u.last > asked.last
         AND (SELECT true FROM journal.units AS e
               WHERE e.ledger = $1 AND e.item = asked.item AND e.prefix = asked.prefix AND e.digits = asked.digits
                 AND e.last = asked.last) IS NULL
       ORDER BY u.last LIMIT 1
    ) AS u
     WHERE u.first <= asked.last
  ) AS u`;

const rangesAsked = (ledger: string, ranges: readonly UnitRange[]): unknown[] => [
  ledger,
  textArray(ranges.map(({ item }) => item)),
  textArray(ranges.map(({ prefix }) => prefix)),
  intArray(ranges.map(({ digits }) => digits)),
  intArray(ranges.map(({ from }) => from)),
  intArray(ranges.map(({ to }) => to)),
];

const STORED_UNITS = `SELECT asked.item, asked.prefix, asked.digits, u.first AS "from", u.last AS "to", u.account, u.tid FROM ${overlapping('u.first, u.last, u.account, u.ctid::text AS tid')}`;

/**
 * Ranges this near to each other are asked for as one: to read the rows between them takes less than to look into the index once more. Of
 * 2,000 units that are every second of a series, each is one look otherwise.
 */
const NEAR = 16;

/** The rows that hold units of these ranges, each once. `asked` says what was looked for: some ranges are near to each other. */
export async function storedUnits(
  client: pg.ClientBase,
  ledger: string,
  head: number,
  ranges: readonly UnitRange[],
): Promise<{ readonly asked: readonly UnitRange[]; readonly rows: readonly StoredUnits[] }> {
  const asked = joinUnits(ranges, NEAR);
  const { rows } = await client.query<StoredUnits>({
    name: statementName('journal-stored-units', head),
    text: STORED_UNITS,
    values: rangesAsked(ledger, asked),
  });
  // A row that two of them cut comes twice.
  return { asked, rows: asked.length === 1 ? rows : [...new Map(rows.map((row) => [row.tid, row])).values()] };
}

// The index of accounts has the hashes of their keys.
const inAccount = (account: string): string =>
  `hashtextextended(u.account, 0) = hashtextextended(${account}, 0) AND u.account = ${account}`;

const NAMED_IN_ACCOUNTS = `
  SELECT asked.account,
         (SELECT coalesce(sum(last - first + 1), 0)::bigint FROM journal.units AS u
           WHERE u.ledger = $1 AND ${inAccount('asked.account')}) AS named
    FROM unnest($2::text[]) AS asked (account)`;

/** How many units of each account have a serial number. */
export async function namedInAccounts(
  client: pg.ClientBase,
  ledger: string,
  head: number,
  accounts: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await client.query<{ account: string; named: string | number }>({
    name: statementName('journal-named-in-accounts', head),
    text: NAMED_IN_ACCOUNTS,
    values: [ledger, textArray(accounts)],
  });
  return new Map(rows.map(({ account, named }) => [account, Number(named)]));
}

const UNITS_IN_ACCOUNTS = `
  SELECT u.item, u.prefix, u.digits, u.first AS "from", u.last AS "to", u.account
    FROM unnest($2::text[]) AS asked (account)
    CROSS JOIN LATERAL (SELECT * FROM journal.units AS u WHERE u.ledger = $1 AND ${inAccount('asked.account')}) AS u`;

/** The rows of all units of these accounts. */
export async function unitsInAccounts(
  client: pg.ClientBase,
  ledger: string,
  head: number,
  accounts: readonly string[],
): Promise<NamedUnits[]> {
  const { rows } = await client.query<NamedUnits>({
    name: statementName('journal-units-in-accounts', head),
    text: UNITS_IN_ACCOUNTS,
    values: [ledger, textArray(accounts)],
  });
  return rows;
}

// One statement for all of an event's moves: each takes what its source held before the event, and nothing that another
// move of the event brings there.
const MOVE_REST = `
  UPDATE journal.units AS u SET account = m.target
    FROM unnest($2::text[], $3::text[]) AS m (source, target)
   WHERE u.ledger = $1 AND ${inAccount('m.source')}`;

/** Moves every named unit of the accounts `from` to the accounts `to`, all at once. */
async function moveRest(client: pg.ClientBase, ledger: string, head: number, rest: readonly TheRest[]): Promise<void> {
  await client.query({
    name: statementName('journal-move-rest', head),
    text: MOVE_REST,
    values: [ledger, textArray(rest.map(({ from }) => from)), textArray(rest.map(({ to }) => to))],
  });
}

const REMOVE_UNITS = 'DELETE FROM journal.units WHERE ledger = $1 AND ctid = ANY ($2::tid[])';

// Accounts are long and few: each is sent once.
const INSERT_UNITS = `
  INSERT INTO journal.units (ledger, item, prefix, digits, first, last, account)
  SELECT $1, p.item, p.prefix, p.digits, p.first, p.last, ($7::text[])[p.index]
    FROM unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::bigint[], $8::int[])
      AS p (item, prefix, digits, first, last, index)`;

async function insertUnits(client: pg.ClientBase, ledger: string, units: readonly NamedUnits[]): Promise<void> {
  /** By account: its index in `accounts`, counted from 1. */
  const indexes = new Map<string, number>();
  for (const { account } of units) if (!indexes.has(account)) indexes.set(account, indexes.size + 1);
  await client.query({
    name: 'journal-insert-units',
    text: INSERT_UNITS,
    values: [
      ...rangesAsked(ledger, units),
      textArray([...indexes.keys()]),
      intArray(units.map(({ account }) => indexes.get(account) ?? 0)),
    ],
  });
}

/**
 * Books where an event's units are now. The units that the event names are placed last: so the moves that take the rest of an account
 * cannot take them along. Units that lose their numbers have no row any more. No unit is named twice. `before` are the rows that hold any unit that is named, as `storedUnits` found them; the
 * ledger's lock keeps everybody else from moving a row in between.
 */
export async function moveUnits(
  client: pg.ClientBase,
  ledger: string,
  head: number,
  { named, rest, unnamed = [] }: UnitChanges,
  before: Iterable<StoredUnits>,
): Promise<void> {
  const gone = new UnitMap<true>();
  for (const range of [...named, ...unnamed]) gone.put(range, true);
  const goesTo = new Map(rest.map(({ from, to }) => [from, to]));
  const cut: string[] = [];
  const placed: NamedUnits[] = [...named];
  const turns = new Turns();
  for (const row of before) {
    if (turns.over) await turns.next();
    const pieces = gone.pieces(row);
    if (pieces.every(({ value }) => value === undefined)) continue;
    cut.push(row.tid);
    const account = goesTo.get(row.account) ?? row.account;
    for (const { value, ...piece } of pieces) if (value === undefined) placed.push({ ...piece, account });
  }
  await inOrder(client, [
    async () => {
      if (cut.length === 0) return;
      const values = [ledger, `{${cut.map((tid) => `"${tid}"`).join(',')}}`];
      const { rowCount } = await client.query({ name: 'journal-remove-units', text: REMOVE_UNITS, values });
      if (rowCount !== cut.length)
        throw new Error('rows of journal.units were changed without the lock of their ledger');
    },
    async () => {
      if (rest.length > 0) await moveRest(client, ledger, head, rest);
    },
    async () => {
      if (placed.length > 0) await insertUnits(client, ledger, placed);
    },
  ]);
}
