import type pg from 'pg';
import type { NamedUnit, TheRest, UnitChanges } from '#ledger/units';
import { intArray, statementName, textArray } from './values.ts';

const ACCOUNTS_OF_UNITS = `
  SELECT u.serial, u.account
    FROM unnest($3::text[]) AS asked (serial)
    CROSS JOIN LATERAL (
      SELECT serial, account FROM journal.units WHERE ledger = $1 AND item = $2 AND serial = asked.serial LIMIT 1
    ) AS u`;

/** The account of each of these units that the ledger knows, by serial number. */
export async function accountsOfUnits(
  client: pg.ClientBase,
  ledger: string,
  head: number,
  item: string,
  serials: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await client.query<{ serial: string; account: string }>({
    name: statementName('journal-accounts-of-units', head),
    text: ACCOUNTS_OF_UNITS,
    values: [ledger, item, textArray(serials)],
  });
  return new Map(rows.map(({ serial, account }) => [serial, account]));
}

const NAMED_IN_ACCOUNTS = `
  SELECT asked.account,
         (SELECT count(*)::int FROM journal.units WHERE ledger = $1 AND account = asked.account) AS named
    FROM unnest($2::text[]) AS asked (account)`;

/** How many units of each account have a serial number. */
export async function namedInAccounts(
  client: pg.ClientBase,
  ledger: string,
  head: number,
  accounts: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await client.query<{ account: string; named: number }>({
    name: statementName('journal-named-in-accounts', head),
    text: NAMED_IN_ACCOUNTS,
    values: [ledger, textArray(accounts)],
  });
  return new Map(rows.map(({ account, named }) => [account, named]));
}

// One statement for all of an event's moves: each takes what its source held before the event, and nothing that another
// move of the event brings there.
const MOVE_REST = `
  UPDATE journal.units AS u SET account = m.target
    FROM unnest($2::text[], $3::text[]) AS m (source, target)
   WHERE u.ledger = $1 AND u.account = m.source`;

/** Moves every named unit of the accounts `from` to the accounts `to`, all at once. */
async function moveRest(client: pg.ClientBase, ledger: string, head: number, rest: readonly TheRest[]): Promise<void> {
  await client.query({
    name: statementName('journal-move-rest', head),
    text: MOVE_REST,
    values: [ledger, textArray(rest.map(({ from }) => from)), textArray(rest.map(({ to }) => to))],
  });
}

// Accounts are long and few, serial numbers are short and many: each account is sent once.
const PLACE_UNITS = `
  INSERT INTO journal.units (ledger, item, serial, account)
  SELECT $1, ($2::text[])[p.index], p.serial, ($3::text[])[p.index]
    FROM unnest($4::text[], $5::int[]) AS p (serial, index)
  ON CONFLICT (ledger, item, serial) DO UPDATE SET account = excluded.account`;

/** Puts units into their accounts, wherever they were. No serial number of an item may come twice. */
async function placeUnits(client: pg.ClientBase, ledger: string, named: readonly NamedUnit[]): Promise<void> {
  /** By account: its index in `accounts`, counted from 1. */
  const indexes = new Map<string, number>();
  const items: string[] = [];
  const accounts: string[] = [];
  const indexOf = named.map(({ item, to }) => {
    const index = indexes.get(to) ?? indexes.size + 1;
    // An account is of one item, so its key tells both.
    if (index > indexes.size) {
      indexes.set(to, index);
      items.push(item);
      accounts.push(to);
    }
    return index;
  });
  await client.query({
    name: 'journal-place-units',
    text: PLACE_UNITS,
    values: [
      ledger,
      textArray(items),
      textArray(accounts),
      textArray(named.map(({ serial }) => serial)),
      intArray(indexOf),
    ],
  });
}

/**
 * Books where an event's units are now. The units that the event names are placed last, whatever account they are in by then:
 * so the moves that take the rest of an account cannot take them along.
 */
export async function moveUnits(
  client: pg.ClientBase,
  ledger: string,
  head: number,
  { named, rest }: UnitChanges,
): Promise<void> {
  if (rest.length > 0) await moveRest(client, ledger, head, rest);
  if (named.length > 0) await placeUnits(client, ledger, named);
}
