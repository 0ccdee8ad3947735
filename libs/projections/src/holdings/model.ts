import { keyOf } from '#contracts/scalars';
import { isPartiesStage } from '#ledger/account';
import type { Posting } from '../engine/batch.ts';
import type { AccountState } from '../engine/ledgerState.ts';
import { bigint, bool, id, inOrder, int, moment, optional, Table, text } from '../engine/table.ts';
import type { Model } from '../model.ts';
import { endsStretch, markPostings, postingsModel, totalMark } from '../postings/model.ts';

// `account` numbers a ledger's accounts in the order in which its events first name them, so that postings are narrow and a
// rebuild gives the same numbers. `newest` is the newest occurrence on the account: what occurred before it is late.
//
// `open`: there are units on the account, and they are in a party's hands; `outside`: there are some, and they are not. They are columns
// of their own because the partial indexes may then leave out what is empty, and yet an update that does not empty an account touches no
// index (a predicate on the quantity would). Each index has the accounts of one row of the totals together.
// `holdings_all` is for questions about the past, which say `account >= 0`: without it, PostgreSQL would take it for those about now, too.
const holdings = new Table('holdings', {
  columns: {
    account: int,
    owner: id,
    custodian: id,
    item: id,
    order: id,
    line: id,
    stage: id,
    shipment: optional(id),
    quantity: bigint,
    newest: moment,
    postings: int,
    total: int,
    open: bool,
    outside: bool,
  },
  key: ['account'],
  fillfactor: 85,
  indexes: {
    holdings_order: { on: ['order', 'line'] },
    holdings_open: { on: ['item', 'owner', 'stage', 'custodian', 'account'], where: 'open', forQuestions: true },
    holdings_outside: { on: ['item', 'owner', 'stage', 'custodian', 'account'], where: 'outside', forQuestions: true },
    holdings_all: { on: ['item', 'owner', 'account'], where: 'account >= 0', forQuestions: true },
  },
});

// `total` numbers it, by its first account; `postings` counts those of all its accounts, of which the first and the last, by when they
// occurred, are `oldest` and `newest`.
//
// This table is small: by parties, items and stages, without the orders. It answers what is asked by those alone, and tells which
// accounts there are: so one index of these does for all that is asked (three more took a third of a rebuild).
const totals = new Table('holding_totals', {
  columns: {
    owner: id,
    item: id,
    stage: id,
    custodian: id,
    quantity: bigint,
    total: int,
    postings: int,
    oldest: moment,
    newest: moment,
  },
  key: ['owner', 'item', 'stage', 'custodian'],
  fillfactor: 50,
  indexes: {
    holding_totals_item: { on: ['item', 'owner'] },
    holding_totals_custodian: { on: ['custodian', 'item', 'owner'] },
  },
});

// What a party's row and an item's row say of units: each found by its key, however many owners and custodians there are. `own` is what
// the party owns, `either` what it owns or has in custody; of all parties together under the empty party, which no id is.
const itemTotals = new Table('item_totals', {
  columns: { party: id, role: text, item: id, stage: id, quantity: bigint },
  key: ['party', 'role', 'item', 'stage'],
  fillfactor: 50,
});

const changing = {
  account: ({ id }: AccountState) => id,
  quantity: ({ quantity }: AccountState) => quantity,
  newest: ({ newest }: AccountState) => newest,
  postings: ({ postings }: AccountState) => postings,
  open: ({ account, quantity }: AccountState) => quantity !== 0 && isPartiesStage(account.stage),
  outside: ({ account, quantity }: AccountState) => quantity !== 0 && !isPartiesStage(account.stage),
};

const open = holdings.insert<AccountState>({
  ...changing,
  owner: ({ account }) => account.owner,
  custodian: ({ account }) => account.custodian,
  item: ({ account }) => account.item,
  order: ({ account }) => account.order,
  line: ({ account }) => account.line,
  stage: ({ account }) => account.stage,
  shipment: ({ account }) => account.shipment,
  total: ({ total }) => total,
});

// Each row is found by its own seek of the primary key (OFFSET 0 keeps the planner from turning that round): without statistics, as
// in the first minute of a table's life, the planner took `holdings_order` for `ledger = $1` and read the whole ledger for every batch.
const change = holdings.over<AccountState>(
  changing,
  (given) => `
    UPDATE holdings stored SET quantity = given.quantity, newest = given.newest, postings = given.postings, open = given.open, outside = given.outside
    FROM ${given},
      LATERAL (SELECT ctid FROM holdings WHERE ledger = $1 AND holdings.account = given.account OFFSET 0) AS found
    WHERE stored.ledger = $1 AND stored.ctid = found.ctid`,
);

interface Counted {
  readonly total: number;
  readonly postings: number;
}

interface Total extends Pick<AccountState, 'account' | 'total'> {
  quantity: number;
  postings: number;
  oldest: number;
  newest: number;
}

// How many postings each has now, and had before.
const addTotals = totals.over<Total, Counted>(
  {
    owner: ({ account }) => account.owner,
    item: ({ account }) => account.item,
    stage: ({ account }) => account.stage,
    custodian: ({ account }) => account.custodian,
    quantity: ({ quantity }) => quantity,
    total: ({ total }) => total,
    postings: ({ postings }) => postings,
    oldest: ({ oldest }) => oldest,
    newest: ({ newest }) => newest,
  },
  (given) => `
    INSERT INTO holding_totals AS stored (ledger, owner, item, stage, custodian, quantity, total, postings, oldest, newest)
    SELECT $1, given.* FROM ${given}
    ON CONFLICT (ledger, owner, item, stage, custodian) DO UPDATE SET quantity = stored.quantity + excluded.quantity,
      postings = stored.postings + excluded.postings, oldest = least(stored.oldest, excluded.oldest), newest = greatest(stored.newest, excluded.newest)
    RETURNING total, postings`,
);

interface ItemTotal {
  readonly party: string;
  readonly role: 'own' | 'either';
  readonly item: string;
  readonly stage: string;
  quantity: number;
}

const addItemTotals = itemTotals.add<ItemTotal>(
  {
    party: ({ party }) => party,
    role: ({ role }) => role,
    item: ({ item }) => item,
    stage: ({ stage }) => stage,
    quantity: ({ quantity }) => quantity,
  },
  ['quantity'],
);

/** The accounts alone, without what is added up of them. */
export const accountsModel: Model = {
  tables: [holdings],
  apply: ({ ledger, opened, changed }, db) => inOrder(db, ledger, [open, opened], [change, [...changed]]),
};

/** The accounts, what is on them and what is added up of them, with the postings that brought it there. */
export const holdingsModel: Model = {
  tables: [...accountsModel.tables, totals, itemTotals, ...postingsModel.tables],
  apply: async (batch, db) => {
    const { ledger, postings } = batch;
    const posted = postingsModel.apply(batch, db);
    // Its failure is looked at below.
    posted.catch(() => undefined);
    await accountsModel.apply(batch, db);
    const ended = postings.filter(({ rank }) => endsStretch(rank)).map(({ account }) => account.id);
    if (batch.filling !== undefined) {
      await addTotals(db, ledger, numbersOf(batch.opened));
      await batch.filling.mark(db, ledger, postings);
    } else {
      const moved = totalsOf(postings);
      const counted = await addTotals(db, ledger, [...moved.values()]);
      await addItemTotals(db, ledger, itemTotalsOf(moved.values()));
      for (const { total, postings: now } of counted)
        if (endsStretch(now, moved.get(total)?.postings)) ended.push(totalMark(total));
    }
    await posted;
    await markPostings(db, ledger, ended);
  },
};

/** While a version is filled, totals have nothing but their numbers, and those of items are not there: `fillTotals` adds them all up at the end. */
const numbersOf = (opened: readonly AccountState[]): Total[] =>
  opened
    .filter(({ id, total }) => total === id)
    .map(({ account, total, newest }) => ({ account, total, quantity: 0, postings: 0, oldest: newest, newest }));

function totalsOf(postings: readonly Posting[]): Map<number, Total> {
  const found = new Map<number, Total>();
  for (const { account: state, quantity, occurred } of postings) {
    const total = found.get(state.total);
    if (total === undefined) {
      const { account, total: number } = state;
      found.set(number, { account, total: number, quantity, postings: 1, oldest: occurred, newest: occurred });
    } else {
      total.quantity += quantity;
      total.postings += 1;
      total.oldest = Math.min(total.oldest, occurred);
      total.newest = Math.max(total.newest, occurred);
    }
  }
  return found;
}

/** From the totals of the same postings, which are far fewer. */
function itemTotalsOf(moved: Iterable<Total>): ItemTotal[] {
  const found = new Map<string, ItemTotal>();
  const add = (party: string, role: ItemTotal['role'], { account: { item, stage }, quantity }: Total): void => {
    const key = keyOf(party, role, item, stage);
    const total = found.get(key);
    if (total === undefined) found.set(key, { party, role, item, stage, quantity });
    else total.quantity += quantity;
  };
  for (const total of moved) {
    const { owner, custodian } = total.account;
    add('', 'either', total);
    add(owner, 'own', total);
    add(owner, 'either', total);
    if (custodian !== owner) add(custodian, 'either', total);
  }
  return [...found.values()];
}
