import type { Account } from '#ledger/account';
import { type Balances, said } from './balances.ts';
import { CannotSay } from './verdict.ts';

/** An account that is not the same here and there. */
export interface Difference {
  readonly account: Account;
  /** In words. */
  readonly what: string;
  /** By the moves of the events. */
  readonly folded: number;
  /** As it was answered; 0 for an account that was not answered at all. */
  readonly answered: number;
}

/**
 * Holds what somebody answers of every account against what the moves of the events come to. It takes the balances out as they are answered,
 * so that no account counts that is answered twice, and what is left was not answered.
 *
 * @param pages of accounts that are not at zero, each once
 * @returns the first that differs, in their order; undefined when none does
 */
export async function firstDifference(
  balances: Balances,
  pages: AsyncIterable<readonly unknown[]>,
): Promise<Difference | undefined> {
  for await (const rows of pages)
    for (const row of rows) {
      const { quantity: answered, ...account } = read(row);
      const folded = balances.take(account);
      if (folded !== answered) return { account, what: said(account), folded, answered };
    }
  for (const { quantity: folded, ...account } of balances.accounts())
    return { account, what: said(account), folded, answered: 0 };
  return undefined;
}

function read(row: unknown): Account & { readonly quantity: number } {
  const { owner, custodian, item, order, line, stage, shipment, quantity } = (row ?? {}) as Record<string, unknown>;
  const texts = [owner, custodian, item, order, line, stage, shipment ?? ''];
  if (!texts.every((text) => typeof text === 'string') || !Number.isSafeInteger(quantity))
    throw new CannotSay('what is answered there is no list of accounts');
  return { owner, custodian, item, order, line, stage, shipment: shipment ?? null, quantity } as Account & {
    readonly quantity: number;
  };
}
