import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { isOwnStock } from '../account.ts';
import { lineKey, type Stock, type StockAccount } from '../entity.ts';

/** The accounts of a stock, those first that have had units for longest. */
export const accountsOf = (stock: Stock | undefined): StockAccount[] =>
  stock === undefined ? [] : stock.chunks.flatMap((chunk) => [...chunk.values()]);

/**
 * Accounts are kept in chunks, so that an event copies a few of them: a party may hold units of thousands of order lines.
 * Within an event, new accounts are in the order of their orders and lines.
 */
const CHUNK = 128;

/** A stock after an event: the units that its moves bring and take, line by line. A line that is empty leaves the stock. */
export function evolveStock(id: string, before: Stock | undefined, event: LedgerEvent): Stock {
  const [party = '', item = ''] = JSON.parse(id) as string[];
  const changes = new Map<string, StockAccount>();
  const add = (order: string, line: string, quantity: number): void => {
    const key = lineKey(order, line);
    changes.set(key, { order, line, quantity: quantity + (changes.get(key)?.quantity ?? 0) });
  };
  for (const move of movesOf(event)) {
    if (move.item !== item) continue;
    if (isOwnStock(move.from) && move.from.owner === party) add(move.order, move.line, -move.quantity);
    if (isOwnStock(move.to) && move.to.owner === party) add(move.order, move.line, move.quantity);
  }
  return { kind: 'stock', version: event.sequence, party, item, chunks: chunksAfter(before?.chunks ?? [], changes) };
}

/** The chunks that hold these accounts, in their order. */
export function chunksOf(accounts: readonly StockAccount[]): Stock['chunks'] {
  const chunks: Map<string, StockAccount>[] = [];
  for (const account of accounts) {
    const last = chunks.at(-1);
    const chunk = last === undefined || last.size >= CHUNK ? new Map<string, StockAccount>() : last;
    if (chunk !== last) chunks.push(chunk);
    chunk.set(lineKey(account.order, account.line), account);
  }
  return chunks;
}

function chunksAfter(before: Stock['chunks'], changes: ReadonlyMap<string, StockAccount>): Stock['chunks'] {
  const chunks = [...before];
  const opened: StockAccount[] = [];
  for (const [key, change] of changes) {
    const index = chunks.findIndex((chunk) => chunk.has(key));
    const chunk = chunks[index];
    if (chunk === undefined) {
      if (change.quantity > 0) opened.push(change);
      continue;
    }
    const copy = new Map(chunk);
    const quantity = change.quantity + (chunk.get(key)?.quantity ?? 0);
    if (quantity > 0) copy.set(key, { ...change, quantity });
    else copy.delete(key);
    chunks[index] = copy;
  }
  opened.sort((a, b) => compare(a.order, b.order) || compare(a.line, b.line));
  const last = chunks.at(-1);
  const tail = last !== undefined && last.size + opened.length <= CHUNK ? chunks.pop() : undefined;
  return [...chunks, ...chunksOf([...(tail?.values() ?? []), ...opened])].filter((chunk) => chunk.size > 0);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
